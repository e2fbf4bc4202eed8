"""Opening a model on the worker without freezing the window."""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from visualizer.session.gentle_import import gently, preload_torch

if TYPE_CHECKING:
    from visualizer.diffusion.model import Model


def open_model(folder: str | None, say: Callable[[str], None]) -> Model:
    """The model of a folder, or the built-in one; imports torch on the way.

    Raises:
        ModelError: with a sentence.
    """
    with gently():
        say("Loading PyTorch …")
        preload_torch()
        import torch

        # One processor is left to the window. Threads of a team wait for each other by spinning:
        # where one of them shares its processor with somebody, all run several times slower.
        torch.set_num_threads(max(1, torch.get_num_threads() - 1))
        _quiet_tqdm()
        say("Loading the diffusion library …")
        from visualizer.diffusion.model import Model

        import_module("visualizer.diffusion.lanes")  # what the first run would import ungently
        _hand_over_logs()
        if folder is None:
            say("Opening the built-in model …")
            return Model.builtin()
        from visualizer.diffusion.model_folder import name_of

        say(f"Opening {name_of(Path(folder))} …")
        return Model.open(folder)


def _quiet_tqdm() -> None:
    """No thread that watches over progress bars which nobody sees."""
    import_module("tqdm").tqdm.monitor_interval = 0


def _hand_over_logs() -> None:
    """The libraries print what they log by themselves; it belongs into the program's log file."""
    for name in ("diffusers", "transformers"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
