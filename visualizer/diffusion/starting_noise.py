"""The noise that a request begins with, without sampling it."""

from __future__ import annotations

import numpy as np

from visualizer.diffusion import branching
from visualizer.diffusion.arrays import FloatArray, read_only
from visualizer.diffusion.layout import LatentLayout
from visualizer.diffusion.model import Model
from visualizer.diffusion.observing import Observer
from visualizer.diffusion.request import RequestError, SamplingRequest
from visualizer.diffusion.sampling import run_observed, what_batches_share


def starting_noise(
    model: Model, requests: list[SamplingRequest]
) -> list[tuple[FloatArray, LatentLayout]]:
    """What each request's run would start with, at unit scale, and how it lies on the picture.

    The pipeline is called and left before its network is asked for the first time, so this takes
    about as long as reading the prompts.

    Args:
        requests: that could be sampled in one batch; no branches.

    Returns:
        For each: the latent in its layout, float32, of variance 1; and the layout.

    Raises:
        RequestError: when the model cannot do a request, or draws its noise in its own way.
    """
    if len({what_batches_share(r) for r in requests}) != 1:
        raise RequestError("Noises that are looked at together must share steps and size.")
    plans = [model.plan(r) for r in requests]
    observer = Observer(
        model.pipeline,
        model.family,
        tuple(requests),
        model.size_of(requests[0]),
        plans[0],
        starts=tuple(branching.origin(r) for r in requests),
        only_noise=True,
    )
    run_observed(model, observer)
    if observer.drawn is None:
        raise RequestError("The starting noise of this model cannot be shown.")
    x, layout = observer.drawn
    return [(read_only(np.ascontiguousarray(one)), layout) for one in x]
