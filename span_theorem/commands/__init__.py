"""One command of `python -m span_theorem` a file; heavy imports stay inside the functions."""
