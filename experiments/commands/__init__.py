"""One command of `python -m experiments` a file; heavy imports stay inside the functions."""
