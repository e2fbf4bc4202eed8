"""How much memory a model could take, where models run."""

from __future__ import annotations


def free_memory(device: str) -> int:
    """Bytes free on a device now.

    Args:
        device: as in ModelFacts; one that is not the CPU has been used by torch before.
    """
    if device == "cpu":
        import psutil

        return int(psutil.virtual_memory().available)
    from visualizer.diffusion.devices import available_memory  # torch is there by now

    return available_memory(device)
