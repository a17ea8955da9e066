"""One model for the machines of several providers, and a way to move them."""
