"""Diffusion, observed: sample a real diffusers pipeline and keep every step as plain values.

Names are loaded when first used: requests, trajectories and run files need numpy and safetensors
only; torch loads when something is sampled.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visualizer.diffusion.model import Model as Model
    from visualizer.diffusion.model_folder import ModelError as ModelError
    from visualizer.diffusion.noise import NoiseLevel as NoiseLevel
    from visualizer.diffusion.request import MAX_SEED as MAX_SEED
    from visualizer.diffusion.request import FromSeed as FromSeed
    from visualizer.diffusion.request import RequestError as RequestError
    from visualizer.diffusion.request import SamplingRequest as SamplingRequest
    from visualizer.diffusion.runfile import RunFileError as RunFileError
    from visualizer.diffusion.sampling import sample as sample
    from visualizer.diffusion.sampling import sample_many as sample_many
    from visualizer.diffusion.step import Step as Step
    from visualizer.diffusion.trajectory import ModelIdentity as ModelIdentity
    from visualizer.diffusion.trajectory import Trajectory as Trajectory
    from visualizer.diffusion.views import VIEWS as VIEWS

_ROOMS = {
    "Model": "model",
    "ModelError": "model_folder",
    "NoiseLevel": "noise",
    "MAX_SEED": "request",
    "FromSeed": "request",
    "RequestError": "request",
    "SamplingRequest": "request",
    "RunFileError": "runfile",
    "sample": "sampling",
    "sample_many": "sampling",
    "VIEWS": "views",
    "ModelIdentity": "trajectory",
    "Step": "step",
    "Trajectory": "trajectory",
}

__all__ = sorted(_ROOMS)


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    return __all__
