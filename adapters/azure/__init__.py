"""Microsoft Azure: the prices it publishes."""
