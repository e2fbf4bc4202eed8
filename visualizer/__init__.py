"""See what a diffusion model does: the denoising process, step by step, on real computations."""

EXAMPLE_PROMPT = "a red Ferrari on a mountain road at sunset"


def __getattr__(name: str) -> str:
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # looked up when asked for: importlib.metadata would cost the window a tenth of its start
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("denoising-visualizer")
    except PackageNotFoundError:  # a checkout that was never installed
        return "0+checkout"
