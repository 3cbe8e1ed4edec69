"""Tables and figures, made from result dictionaries alone."""
