"""One package a provider. Nothing here is imported before an account of that provider is opened."""
