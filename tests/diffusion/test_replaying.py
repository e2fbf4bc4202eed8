"""What is kept of the networks' answers while a branch goes through its parent's steps."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import torch

from tests.families import FAMILIES
from visualizer.diffusion import Model, SamplingRequest, sample
from visualizer.diffusion.branching import branch
from visualizer.diffusion.request import FrozenMapping


def controlled() -> tuple[Model, SamplingRequest]:
    dummy = FAMILIES["StableDiffusionControlNetPipeline"]
    extra = dummy.arguments()
    size = {name: extra.pop(name, None) for name in ("width", "height")}
    extra.pop("guidance_scale", None)
    request = SamplingRequest(
        "a red car", seed=7, steps=4, guidance_scale=3.0, extra=FrozenMapping(extra), **size
    )
    return Model(dummy.build(torch.float32)), request


def test_what_a_controlnet_answers_is_let_go_with_the_replay() -> None:
    model, request = controlled()
    parent = sample(model, request)
    asked: list[int] = []
    answers: list[weakref.ref[torch.Tensor]] = []
    controlnet = model.pipeline.controlnet
    real = controlnet.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        asked.append(len(asked))
        answer = real(*args, **kwargs)
        answers.extend(weakref.ref(part) for part in answer[0])
        return answer

    controlnet.forward = forward
    try:
        again = sample(model, branch(request, 3), parent=parent)
    finally:
        del controlnet.forward
    np.testing.assert_array_equal(again.final, parent.final)
    assert len(asked) == 1 + 1  # once for the three steps that pass, and at the step of its own
    gc.collect()
    assert answers
    assert [ref for ref in answers if ref() is not None] == []
    # and a second branch is its parent too, though nothing is left to answer from
    np.testing.assert_array_equal(
        sample(model, branch(request, 2), parent=parent).final, parent.final
    )
