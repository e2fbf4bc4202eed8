"""Sweeps: every prompt under every seed, sampled into a folder, here or on a cluster. No Qt."""
