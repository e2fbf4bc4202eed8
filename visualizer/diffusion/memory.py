"""Memory: where the parts of a model wait when they do not all fit on the device.

Everything on the device is quickest. Where that does not fit, pictures are decoded in tiles; then
whole parts (text encoder, denoiser, VAE) wait in main memory until it is their turn; then single
layers do. Offloading changes no bit of a picture. Tiles do: their seams are blended.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch

from visualizer.byte_words import in_words
from visualizer.diffusion import devices
from visualizer.diffusion.model_folder import ModelError

Placement = Literal["whole", "parts", "layers", "nowhere"]
PLACEMENTS: tuple[Placement, ...] = ("whole", "parts", "layers", "nowhere")
"""From quick to slow to impossible."""
_TILE = 512  # pixels
_LIVE = 14  # feature maps of the picture's full size alive at once in a VAE's last block
_MB = 1024**2


@dataclass(frozen=True)
class MemoryPlan:
    """Where a model's parts are kept, and whether pictures are decoded in tiles.

    Attributes:
        placement: "whole": on the device; "parts": each comes to the device when it is used;
            "layers": so does each layer; "nowhere": it cannot be run there.
        needed: bytes that this plan takes on the device at its worst moment.
        available: bytes that there were.
    """

    placement: Placement
    tiles: bool
    needed: int
    available: int


def plan_memory(
    weights_bytes: int,
    largest_part_bytes: int,
    available: int,
    *,
    decoding_bytes: int = 0,
    tiled_decoding_bytes: int | None = None,
    can_offload: bool = True,
) -> MemoryPlan:
    """The quickest plan that fits.

    Args:
        weights_bytes: of all parts together, in the dtype they will run in.
        largest_part_bytes: of the largest single part, usually the denoiser or a text encoder.
        available: bytes free on the device.
        decoding_bytes: what decoding one picture takes beside the weights.
        tiled_decoding_bytes: the same in tiles; None where the VAE cannot do it.
        can_offload: False where device and main memory are one (a CPU, Apple's GPUs).
    """
    denoising = min(2 * devices.GB, largest_part_bytes // 4 + 64 * _MB)
    decodings = [(False, decoding_bytes)]
    if tiled_decoding_bytes is not None and tiled_decoding_bytes < decoding_bytes:
        decodings.append((True, tiled_decoding_bytes))
    resting: list[tuple[Placement, int]] = [("whole", weights_bytes)]
    if can_offload:
        # tiles change the picture, so parts wait in main memory before a picture is cut up
        resting += [("parts", largest_part_bytes), ("layers", largest_part_bytes // 8)]
    needed = 0
    for placement, weights in resting:
        for tiles, decoding in decodings:
            needed = weights + max(denoising, decoding)
            if needed <= available:
                return MemoryPlan(placement, tiles, needed, available)
    return MemoryPlan("nowhere", False, needed, available)


def plan_for(pipeline: Any, device: str, width: int, height: int) -> MemoryPlan:
    """The plan for a loaded pipeline that is still in main memory.

    Args:
        width, height: pixels of the largest picture that will usually be made.
    """
    parts = part_bytes(pipeline)
    here = torch.device(device).type == "cpu"
    return plan_memory(
        sum(parts.values()) if not here else 0,  # on a CPU they are already where they will be
        max(parts.values(), default=0),
        devices.available_memory(device),
        decoding_bytes=_decoding_bytes(pipeline, width, height),
        tiled_decoding_bytes=_decoding_bytes(pipeline, min(width, _TILE), min(height, _TILE))
        if _tileable(pipeline)
        else None,
        can_offload=can_offload(device),
    )


def part_bytes(pipeline: Any) -> dict[str, int]:
    """Bytes of the weights of each part of a pipeline, by its name."""
    return {
        name: sum(t.nbytes for t in (*part.parameters(), *part.buffers()))
        for name, part in pipeline.components.items()
        if isinstance(part, torch.nn.Module)
    }


def apply(plan: MemoryPlan, pipeline: Any, device: str) -> MemoryPlan:
    """Put a pipeline's parts where a plan says; gives back the plan that is then in force.

    Raises:
        ModelError: when the model cannot be run on this device.
    """
    if plan.placement == "nowhere":
        raise ModelError(too_large(plan, device))
    if plan.tiles:
        for vae in _tileable(pipeline):
            _decode_in_tiles(vae)
    if plan.placement == "parts" and pipeline.model_cpu_offload_seq is None:
        plan = replace(plan, placement="layers")  # diffusers knows no order of its parts
    if plan.placement == "whole":
        pipeline.to(device)
    elif plan.placement == "parts":
        pipeline.enable_model_cpu_offload(device=device)
    else:
        pipeline.enable_sequential_cpu_offload(device=device)
    return plan


def slower(plan: MemoryPlan, *, can_offload: bool) -> MemoryPlan | None:
    """The next plan to try when memory ran out under one all the same; None after the last.

    Tiles come after offloading because they change the picture.
    """
    order: list[tuple[Placement, bool]] = [("whole", False), ("whole", True)]
    if can_offload:
        order = [("whole", False), ("parts", False), ("parts", True), ("layers", True)]
    slowness = PLACEMENTS.index
    for placement, tiles in order:
        worse = slowness(placement) >= slowness(plan.placement) and tiles >= plan.tiles
        if worse and (placement, tiles) != (plan.placement, plan.tiles):
            return replace(plan, placement=placement, tiles=tiles)
    return None


def can_offload(device: str) -> bool:
    """Whether a device has memory of its own, beside the machine's."""
    return torch.device(device).type not in ("cpu", "mps")


def batch_that_fits(pipeline: Any, device: str, width: int, height: int) -> int:
    """About how many pictures can be made at once in the memory that is free; at least 1."""
    one = max(_decoding_bytes(pipeline, width, height), 16 * _MB)
    return max(1, int(0.8 * devices.available_memory(device)) // one)


def memory_note(plan: MemoryPlan, device: str) -> str:
    """What a person should know of a plan, in a sentence or two; "" when everything fits."""
    on, free = _place(device), in_words(plan.available)
    sentences = []
    if plan.placement == "parts":
        sentences.append(
            f"Parts of the model wait in main memory, because {on} has {free} free: a run starts "
            "a little later."
        )
    elif plan.placement == "layers":
        sentences.append(
            f"The model's layers wait in main memory and come to {on} one by one, because it has "
            f"{free} free: every step is slower."
        )
    if plan.tiles:
        why = f", because {on} has {free} free" if plan.placement == "whole" else ""
        sentences.append(
            f"Large pictures are decoded in tiles{why}: where tiles meet, they differ a little."
        )
    return " ".join(sentences)


def too_large(plan: MemoryPlan, device: str) -> str:
    """The sentence for a model that cannot be run on a device."""
    cpu = torch.device(device).type == "cpu"
    return (
        f"This model needs {in_words(plan.needed)} of memory, and {_place(device)} has "
        f"{in_words(plan.available)} free. "
        + (
            "Close other programs, or choose a smaller model."
            if cpu
            else "Try it on the CPU, or choose a smaller model."
        )
    )


@contextmanager
def on_device(pipeline: Any, part: str) -> Iterator[torch.device]:
    """Have one part of a pipeline ready to be called from outside of its ``__call__``.

    Inside, the part can be called with tensors on the device that is given; afterwards it waits
    again where its plan keeps it. Without offloading this does nothing.
    """
    from accelerate.hooks import CpuOffload

    module = getattr(pipeline, part)
    hook = getattr(module, "_hf_hook", None)
    if isinstance(hook, CpuOffload):
        hook.pre_forward(module)
    try:
        yield _execution_device(module)
    finally:
        if isinstance(hook, CpuOffload):
            hook.init_hook(module)


def put_back(pipeline: Any) -> None:
    """Let every part wait again where its plan keeps it.

    Pipelines do this when they end normally; after a cancel or an error it has to be done for
    them, or the next run starts on a full device.
    """
    pipeline.maybe_free_model_hooks()


def _execution_device(module: torch.nn.Module) -> torch.device:
    for each in module.modules():
        named = getattr(getattr(each, "_hf_hook", None), "execution_device", None)
        if named is not None:
            return torch.device(named)
    return next(module.parameters()).device


def _tileable(pipeline: Any) -> list[Any]:
    return [part for part in pipeline.components.values() if hasattr(part, "enable_tiling")]


def _decode_in_tiles(vae: Any) -> None:
    vae.enable_tiling()
    if hasattr(vae, "enable_slicing"):  # one picture of a batch after the other
        vae.enable_slicing()
    side = getattr(vae, "tile_sample_min_size", 0)
    if side > _TILE:  # SDXL's would come into force beyond 1024 pixels only
        vae.tile_latent_min_size = vae.tile_latent_min_size * _TILE // side
        vae.tile_sample_min_size = _TILE


def _decoding_bytes(pipeline: Any, width: int, height: int) -> int:
    """About what a VAE takes to decode one picture, beside its weights."""
    vae = getattr(pipeline, "vae", None)
    if vae is None:
        return 0
    config = vae.config
    channels = (getattr(config, "block_out_channels", None) or (128,))[0]
    upcast = vae.dtype == torch.float16 and getattr(config, "force_upcast", False)
    return width * height * channels * (4 if upcast else vae.dtype.itemsize) * _LIVE


def _place(device: str) -> str:
    return "this machine" if torch.device(device).type == "cpu" else "the GPU"
