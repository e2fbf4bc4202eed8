"""The small world that the built-in model knows: what is in it, how it is said, how it looks."""
