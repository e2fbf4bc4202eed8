"""See what a diffusion model does: the denoising process, step by step, on real computations."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("denoising-visualizer")
except PackageNotFoundError:  # run from a checkout that was never installed
    __version__ = "0+checkout"

EXAMPLE_PROMPT = "a red Ferrari on a mountain road at sunset"
