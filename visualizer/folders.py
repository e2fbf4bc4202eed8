"""Where the program keeps things on a person's computer."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "DENOISING_VISUALIZER_HOME"
"""An environment variable naming one folder for everything (tests, a USB stick)."""
NAME = "denoising-visualizer"


def config_folder() -> Path:
    """Settings."""
    if home := os.environ.get(VARIABLE):
        return Path(home, "config")
    from platformdirs import user_config_path

    return user_config_path(NAME, appauthor=False)


def data_folder() -> Path:
    """Runs that were saved by themselves."""
    if home := os.environ.get(VARIABLE):
        return Path(home, "data")
    from platformdirs import user_data_path

    return user_data_path(NAME, appauthor=False)


def log_folder() -> Path:
    """The crash log and what the libraries had to say."""
    if home := os.environ.get(VARIABLE):
        return Path(home, "log")
    from platformdirs import user_log_path

    return user_log_path(NAME, appauthor=False)


def cache_folder() -> Path:
    """What can be made again, such as the fast decoder of a model."""
    if home := os.environ.get(VARIABLE):
        return Path(home, "cache")
    from platformdirs import user_cache_path

    return user_cache_path(NAME, appauthor=False)
