"""The Azure the tests talk to: our own Resource Manager, and Azurite for the bytes."""
