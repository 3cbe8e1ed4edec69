"""The spectral-injection diagnostic: which angular frequencies a trained network's features carry."""
