"""Image formats as a stream or a ranged file holds them, read and written without a copy."""
