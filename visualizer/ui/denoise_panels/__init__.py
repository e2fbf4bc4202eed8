"""What stands beside the picture on the Denoise page: explanation, code, sculptor."""
