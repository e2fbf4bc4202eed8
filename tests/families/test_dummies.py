"""The tiny pipelines give pictures, and their prompt and their seed matter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.families import FAMILIES, REPRESENTATIVES
from tests.families.dummy import Dummy
from visualizer.diffusion.libraries import diffusers


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "family" in metafunc.fixturenames:
        everything = metafunc.config.getoption("--all-families")
        metafunc.parametrize("family", list(FAMILIES) if everything else REPRESENTATIVES)


@pytest.fixture
def dummy(family: str) -> Dummy:
    return FAMILIES[family]


def _picture(dummy: Dummy, pipeline: Any, prompt: str, seed: int) -> Any:
    steps = {} if dummy.steps is None else {"num_inference_steps": 2}
    output = pipeline(
        prompt=prompt,
        generator=torch.Generator("cpu").manual_seed(seed),
        output_type="np",
        **dummy.arguments(),
        **steps,
    )
    shown = output.images if hasattr(output, "images") else output.frames
    return np.asarray(shown, dtype=np.float32)


def test_every_family_of_diffusers_is_there() -> None:
    mapping = diffusers.pipelines.auto_pipeline.AUTO_TEXT2IMAGE_PIPELINES_MAPPING
    assert set(FAMILIES) == {pipeline.__name__ for pipeline in mapping.values()}


def test_prompt_and_seed_decide_the_picture(dummy: Dummy) -> None:
    pipeline = dummy.build(torch.float32)
    picture = _picture(dummy, pipeline, "a red cat", 0)
    assert np.isfinite(picture).all()
    assert picture.std() > 0.02
    for prompt, seed in (("the blue house at night", 0), ("a red cat", 1)):
        other = _picture(dummy, pipeline, prompt, seed)
        assert np.abs(picture - other).mean() > 1 / 255


def test_weights_are_the_same_every_time(dummy: Dummy) -> None:
    before = torch.get_rng_state()
    first, second = (dummy.build(torch.float32) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    for name, part in first.components.items():
        if isinstance(part, torch.nn.Module):
            other = second.components[name].state_dict()
            assert all(torch.equal(weight, other[key]) for key, weight in part.state_dict().items())
            assert not part.training
