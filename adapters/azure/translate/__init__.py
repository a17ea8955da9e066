"""Pure functions between the service's JSON and the model."""
