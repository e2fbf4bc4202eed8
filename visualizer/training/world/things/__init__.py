"""The things that can be in a picture, a file each."""
