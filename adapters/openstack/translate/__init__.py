"""Pure functions between the services' JSON and the model."""
