"""The finite-degree span theorem, proved instance by instance in exact arithmetic and confirmed numerically."""
