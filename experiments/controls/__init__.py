"""Controls: what separates a measurement from an anecdote, one control a file (see `registry.py`)."""
