"""The commands: what the window can do and makes sense without one, a file each."""
