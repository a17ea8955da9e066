"""The data plane: sources, sinks, the copy between them, and the proof that it is equal."""
