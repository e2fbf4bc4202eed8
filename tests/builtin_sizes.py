"""The sizes of the built-in model, read from its folder: no test knows them by heart."""

from __future__ import annotations

import json
from typing import Any

from visualizer.assets import asset_path


def _config(*parts: str) -> Any:
    return json.loads(asset_path("builtin-model", *parts).read_text(encoding="utf-8"))


WIDTH, HEIGHT = _config("recommended.json")["sizes"][0]
"""Of a picture, in pixels."""
STEPS: int = _config("recommended.json")["steps"]
"""As many are recommended."""
TOKENS: int = _config("tokenizer", "tokenizer_config.json")["model_max_length"]
"""That are read of a prompt, with the marks for begin and end."""
VOCABULARY: int = _config("text_encoder", "config.json")["vocab_size"]
"""Different tokens."""
TEXT_WIDTH: int = _config("text_encoder", "config.json")["hidden_size"]
"""Numbers of a word's vector."""
TEXT_LAYERS: int = _config("text_encoder", "config.json")["num_hidden_layers"]
CHANNELS: int = _config("unet", "config.json")["in_channels"]
LATENT_SIDE: int = _config("unet", "config.json")["sample_size"]
LATENT = (CHANNELS, LATENT_SIDE, LATENT_SIDE)
REDUCTION: int = HEIGHT // LATENT_SIDE
"""One latent position is so many pixels wide."""
