"""Translation of a wish to what a target accepts, losing nothing in silence. Pure functions."""
