"""The table of what pipelines hand to their schedulers, against diffusers' own source."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest
from diffusers.pipelines.auto_pipeline import AUTO_TEXT2IMAGE_PIPELINES_MAPPING

from visualizer.diffusion.libraries import diffusers
from visualizer.diffusion.pipeline_calls import CALLS, Calls, calls_of

PIPELINES = {cls.__name__: cls for cls in AUTO_TEXT2IMAGE_PIPELINES_MAPPING.values()}
SEEN = [name for name in PIPELINES if not CALLS.get(name, Calls()).own_only]


def listed(cls: type) -> Calls:
    pipeline: Any = object.__new__(cls)
    return calls_of(pipeline, flow="scale_model_input" not in inspect.getsource(cls))


@pytest.mark.parametrize("name", SEEN)
def test_the_table_says_what_a_pipeline_does(name: str) -> None:
    whole = inspect.getsource(PIPELINES[name])
    spoken = re.sub(r"#.*", "", inspect.getsource(PIPELINES[name].__call__))
    call = re.sub(r"\s+", " ", spoken)
    calls = listed(PIPELINES[name])

    assert calls.scales == ("scale_model_input" in whole)
    begun = re.search(
        r"(?:retrieve_timesteps|scheduler\.set_timesteps)\(((?:[^()]|\([^()]*\))*)\)", call
    )
    assert begun
    handed = begun[1]
    # σ of its own: not only those that somebody gave to the call
    makes_sigmas = re.search(r"\bsigmas = (?!None)", call) is not None
    assert (calls.sigmas != "never") == makes_sigmas
    assert (calls.sigmas == "unless flow") == ("config.use_flow_sigmas" in call)
    # arrays say so; what a helper makes of the number of steps is a list
    as_array = re.search(r"\bsigmas = (np\.|timesteps /|self\.config\.sample)", call) is not None
    assert (calls.sigmas == "as a list") == (makes_sigmas and not as_array)
    assert calls.timesteps == (re.search(r"\btimesteps = \( ?np\.", call) is not None)
    always_mu = "mu=mu" in handed or 'scheduler_kwargs = {"mu": mu}' in call
    dynamic_mu = 'scheduler_kwargs["mu"] = mu' in call
    assert calls.mu == ("always" if always_mu else "dynamic" if dynamic_mu else "never")
    assert ("original_inference_steps" in calls.further) == ("original_inference_steps=" in handed)

    assert calls.eta == ("prepare_extra_step_kwargs(generator, None)" not in call)

    step = re.findall(
        r"self\.scheduler\.step\((.*?)return_dict|self\.scheduler\.step\((.*?)\)\.prev", call
    )
    given = " ".join(part for pair in step for part in pair)
    if "generator=generator" in given:
        assert calls.generator == "always"
    elif "extra_step_kwargs" in given and re.search(r'extra_step_kwargs\["generator"\]', whole):
        assert calls.generator == "asked"
    else:
        assert calls.generator == "never"


def test_every_listed_pipeline_is_there() -> None:
    assert set(CALLS) <= set(PIPELINES)


@pytest.mark.parametrize(
    ("calls", "scheduler", "dynamic", "fits"),
    [
        (CALLS["FluxPipeline"], "FlowMatchEulerDiscreteScheduler", False, True),
        (CALLS["FluxPipeline"], "DPMSolverMultistepScheduler", True, True),
        (CALLS["FluxPipeline"], "DPMSolverMultistepScheduler", False, False),
        (CALLS["FluxPipeline"], "FlowMatchHeunDiscreteScheduler", False, False),
        (CALLS["FluxPipeline"], "UniPCMultistepScheduler", False, True),
        (CALLS["QwenImagePipeline"], "DPMSolverMultistepScheduler", True, False),
        (CALLS["QwenImagePipeline"], "UniPCMultistepScheduler", True, True),
        (CALLS["CogView4Pipeline"], "UniPCMultistepScheduler", True, False),
        (CALLS["CogView4Pipeline"], "FlowMatchLCMScheduler", True, True),
        (CALLS["StableDiffusion3Pipeline"], "FlowMatchHeunDiscreteScheduler", False, True),
        (CALLS["StableDiffusion3Pipeline"], "FlowMatchHeunDiscreteScheduler", True, False),
        (CALLS["Kandinsky3Pipeline"], "DDIMScheduler", False, True),
        (CALLS["Kandinsky3Pipeline"], "PNDMScheduler", False, False),
        (CALLS["ZImagePipeline"], "UniPCMultistepScheduler", True, False),
        (CALLS["ZImagePipeline"], "FlowMatchEulerDiscreteScheduler", True, True),
        (CALLS["LatentConsistencyModelPipeline"], "LCMScheduler", False, True),
        (CALLS["LatentConsistencyModelPipeline"], "TCDScheduler", False, False),
        (CALLS["LatentConsistencyModelPipeline"], "DDIMScheduler", False, False),
        (CALLS["IFPipeline"], "DDIMScheduler", False, False),
        (CALLS["IFPipeline"], "DDPMScheduler", False, True),
    ],
)  # fmt: skip
def test_a_class_must_take_what_is_handed_to_it(
    calls: Calls, scheduler: str, dynamic: bool, fits: bool
) -> None:
    cls = getattr(diffusers, scheduler)
    flow_sigmas = scheduler in ("DPMSolverMultistepScheduler", "UniPCMultistepScheduler")
    assert calls.suit(cls, flow_sigmas=flow_sigmas, dynamic=dynamic) == fits
