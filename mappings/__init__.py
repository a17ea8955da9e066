"""Tables only: sizes, states and the like as dated data files with their source, never code."""
