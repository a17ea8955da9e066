"""The blob endpoint in front of Azurite."""
