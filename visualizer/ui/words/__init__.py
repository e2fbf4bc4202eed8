"""The Words page: how the words reach the picture."""
