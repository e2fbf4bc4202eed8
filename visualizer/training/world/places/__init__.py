"""The places that a picture can be of, a file each."""
