"""Devices, memory plans and what goes wrong on a device, on a machine without a GPU."""

from __future__ import annotations

import weakref
from types import SimpleNamespace
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diffusion.tiny_pipelines import tiny_flow_pipeline, tiny_pipeline
from visualizer.diffusion import ModelError, SamplingRequest, device_errors, devices, memory

GB = devices.GB
SIZES = st.integers(0, 200 * GB)


class Gpu:
    """Stands in for torch.cuda or torch.xpu: cards of given sizes, some of which do not work."""

    def __init__(self, *sizes: float, name: str = "Card", free: float = 1, capability: int = 9):
        self.sizes = [int(size * GB) for size in sizes]
        self.name, self.free, self.capability = name, int(free * GB), capability
        self.emptied = 0

    def is_available(self) -> bool:
        return bool(self.sizes)

    def device_count(self) -> int:
        return len(self.sizes)

    def get_device_properties(self, device: str | int) -> Any:
        index = device if isinstance(device, int) else torch.device(device).index or 0
        return SimpleNamespace(name=self.name, total_memory=self.sizes[index])

    def get_device_capability(self, device: str) -> tuple[int, int]:
        return self.capability, 0

    def mem_get_info(self, device: str) -> tuple[int, int]:
        return self.free, self.sizes[0]

    def memory_reserved(self, device: str) -> int:
        return 5 * GB

    def memory_allocated(self, device: str) -> int:
        return 3 * GB

    def empty_cache(self) -> None:
        self.emptied += 1


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that puts GPUs into this machine; ``broken`` ones cannot multiply."""

    def build(
        cuda: Gpu | None = None,
        xpu: Gpu | None = None,
        mps: bool = False,
        broken: tuple[str, ...] = (),
        main_memory: float = 64,
    ) -> None:
        ones = torch.ones

        def fake_ones(*shape: int, device: str, dtype: torch.dtype) -> torch.Tensor:
            if device in broken:
                raise RuntimeError("CUDA error: no kernel image is available for execution")
            return ones(*shape, dtype=dtype)

        monkeypatch.setattr(torch, "cuda", cuda or Gpu())
        monkeypatch.setattr(torch, "xpu", xpu or Gpu())
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        monkeypatch.setattr(torch, "ones", fake_ones)
        memory_of_machine = SimpleNamespace(
            total=int(main_memory * GB), available=int(main_memory * GB)
        )
        monkeypatch.setattr(psutil, "virtual_memory", lambda: memory_of_machine)

    return build


# which device


def test_takes_the_largest_cuda_card(machine: Any) -> None:
    machine(cuda=Gpu(8, 24, 12), xpu=Gpu(16), mps=True)
    assert devices.best_device() == "cuda:1"


@pytest.mark.parametrize(
    ("parts", "best"),
    [
        ({}, "cpu"),
        ({"cuda": Gpu(24)}, "cuda"),
        ({"cuda": Gpu(24), "broken": ("cuda",)}, "cpu"),
        ({"cuda": Gpu(1)}, "cpu"),
        ({"cuda": Gpu(4, 2), "broken": ("cuda",)}, "cuda:1"),
        ({"cuda": Gpu(24), "xpu": Gpu(16), "broken": ("cuda",)}, "xpu"),
        ({"mps": True}, "mps"),
        ({"mps": True, "broken": ("mps",)}, "cpu"),
    ],
)
def test_passes_over_what_is_too_small_or_does_not_work(
    machine: Any, parts: dict[str, Any], best: str
) -> None:
    machine(**parts)
    assert devices.best_device() == best


def test_without_a_gpu_it_is_the_cpu() -> None:
    assert devices.best_device() == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("device", ["cuda:7", "abacus", "meta", "hpu", "mps"])
def test_a_device_that_is_not_there_is_refused(device: str) -> None:
    with pytest.raises(ModelError, match=f"no device '{device}'.*Try 'cpu'"):
        devices.check_device(device)
    devices.check_device("cpu")


def test_devices_have_names(machine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    machine(cuda=Gpu(23.6, name="NVIDIA GeForce RTX 4090"), xpu=Gpu(3.5, name="Arc"))
    assert devices.describe("cpu") == "CPU, 2 threads"
    assert devices.describe("cuda") == "NVIDIA GeForce RTX 4090, 25.3 GB"
    assert devices.describe("xpu") == "Arc, 3.76 GB"
    assert devices.describe("mps") == "Apple GPU, 68.7 GB shared memory"


# which numbers


@pytest.mark.parametrize(
    ("device", "card", "family", "stored", "expected"),
    [
        ("cpu", Gpu(), "FluxPipeline", torch.bfloat16, torch.float32),
        ("cuda", Gpu(24), "StableDiffusionPipeline", torch.float32, torch.float16),
        ("cuda", Gpu(24), "StableDiffusionXLPipeline", None, torch.float16),
        ("cuda", Gpu(24), "KandinskyV22CombinedPipeline", torch.bfloat16, torch.bfloat16),
        ("cuda", Gpu(24), "FluxPipeline", torch.float16, torch.bfloat16),
        ("cuda", Gpu(24), "StableDiffusion3Pipeline", None, torch.bfloat16),
        ("cuda", Gpu(24, capability=7, free=20), "FluxPipeline", None, torch.float32),
        ("cuda", Gpu(24, capability=7), "PixArtAlphaPipeline", torch.bfloat16, torch.float16),
        ("cuda", Gpu(6, name="GTX 1660"), "StableDiffusionPipeline", None, torch.float32),
        ("xpu", Gpu(16), "QwenImagePipeline", None, torch.bfloat16),
        ("xpu", Gpu(16), "StableDiffusionPipeline", None, torch.float16),
    ],
)
def test_numbers_by_device_and_family(
    machine: Any, device: str, card: Gpu, family: str, stored: Any, expected: torch.dtype
) -> None:
    machine(cuda=card, xpu=card)
    assert devices.dtype_for(device, family, stored) == expected


def test_float32_only_where_it_fits(machine: Any) -> None:
    machine(cuda=Gpu(16, capability=7, free=12), main_memory=32)
    assert devices.dtype_for("cpu", "FluxPipeline", parameters=6 * 10**9) == torch.float32
    assert devices.dtype_for("cpu", "FluxPipeline", parameters=16 * 10**9) == torch.bfloat16
    assert devices.dtype_for("cuda", "FluxPipeline", parameters=12 * 10**9) == torch.bfloat16


def test_apple_gpus_fall_back_to_float32(machine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(mps=True)
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 48 * GB)
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: GB)
    assert devices.dtype_for("mps", "FluxPipeline") == torch.bfloat16
    assert devices.dtype_for("mps", "StableDiffusionPipeline") == torch.float16
    machine(mps=True, broken=("mps",))
    assert devices.dtype_for("mps", "FluxPipeline") == torch.float32


# how much it holds


def test_memory_that_torch_keeps_is_available(
    machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(cuda=Gpu(24, free=10), main_memory=7)
    assert devices.available_memory("cuda") == 12 * GB
    assert devices.available_memory("cpu") == 7 * GB
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 48 * GB)
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: 2 * GB)
    assert devices.available_memory("mps") == 7 * GB  # shared with everything else


def test_freeing_memory_survives_a_lost_device(
    machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = Gpu(24)
    machine(cuda=card)
    devices.free_memory("cuda")
    assert card.emptied == 1

    def lost() -> None:
        raise RuntimeError("CUDA error: unspecified launch failure")

    monkeypatch.setattr(card, "empty_cache", lost)
    devices.free_memory("cuda")
    devices.free_memory("cpu")


def test_an_error_that_is_kept_keeps_no_tensors() -> None:
    alive: list[weakref.ref[torch.Tensor]] = []

    def work() -> None:
        activations = torch.zeros(1000)
        alive.append(weakref.ref(activations))
        raise MemoryError

    def run() -> None:
        try:
            work()
        except MemoryError as error:
            raise ModelError("Out of memory.") from error

    with pytest.raises(ModelError) as caught:
        run()
    assert alive[0]() is not None
    devices.free_memory("cpu", caught.value)
    assert alive[0]() is None


# where the parts are kept


def test_plans_for_sdxl_in_half_precision() -> None:
    def plan(available: float, **more: Any) -> tuple[str, bool]:
        found = memory.plan_memory(
            7 * GB, 5 * GB, int(available * GB), decoding_bytes=4 * GB, **more
        )
        return found.placement, found.tiles

    assert plan(24) == ("whole", False)
    assert plan(10) == ("parts", False)
    assert plan(10, tiled_decoding_bytes=GB) == ("whole", True)
    assert plan(8, tiled_decoding_bytes=GB) == ("parts", True)
    assert plan(5) == ("layers", False)
    assert plan(3, tiled_decoding_bytes=GB) == ("layers", True)
    assert plan(1, tiled_decoding_bytes=GB) == ("nowhere", False)
    assert plan(10, can_offload=False) == ("nowhere", False)


@settings(deadline=None)
@given(weights=SIZES, part=st.floats(0, 1), decoding=SIZES, tiled=SIZES, less=SIZES, more=SIZES)
def test_more_memory_never_gives_a_slower_plan(
    weights: int, part: float, decoding: int, tiled: int, less: int, more: int
) -> None:
    less, more = sorted((less, more))
    small, large = (
        memory.plan_memory(
            weights,
            int(weights * part),
            available,
            decoding_bytes=decoding,
            tiled_decoding_bytes=tiled,
        )
        for available in (less, more)
    )
    order = memory.PLACEMENTS.index
    assert order(large.placement) <= order(small.placement)
    for plan, available in ((small, less), (large, more)):
        assert plan.available == available
        assert (plan.needed <= available) == (plan.placement != "nowhere")
        assert not plan.tiles or tiled < decoding


@settings(deadline=None)
@given(weights=SIZES, available=SIZES, decoding=SIZES)
def test_without_offloading_a_plan_is_whole_or_none(
    weights: int, available: int, decoding: int
) -> None:
    plan = memory.plan_memory(
        weights, weights, available, decoding_bytes=decoding, can_offload=False
    )
    assert plan.placement in ("whole", "nowhere")


def test_a_small_model_fits_and_is_left_alone() -> None:
    pipeline = tiny_pipeline()
    plan = memory.plan_for(pipeline, "cpu", 16, 16)
    assert memory.apply(plan, pipeline, "cpu") == plan
    assert plan.placement == "whole"
    assert not plan.tiles
    assert not pipeline.vae.use_tiling
    assert memory.memory_note(plan, "cpu") == ""
    assert set(memory.part_bytes(pipeline)) == {"unet", "vae", "text_encoder"}


def test_a_plan_weighs_the_parts_against_the_gpu(
    machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = tiny_pipeline()
    monkeypatch.setattr(
        memory, "part_bytes", lambda _: {"unet": 5 * GB, "text_encoder": GB, "vae": GB // 4}
    )
    machine(cuda=Gpu(24, free=20))
    assert memory.plan_for(pipeline, "cuda", 1024, 1024).placement == "whole"
    machine(cuda=Gpu(8, free=5))  # 5 and the 2 that torch keeps
    plan = memory.plan_for(pipeline, "cuda", 1024, 1024)
    assert plan.placement == "parts"
    assert memory.memory_note(plan, "cuda").startswith("Parts of the model wait in main memory")
    assert "7.52 GB free" in memory.memory_note(plan, "cuda")
    machine(main_memory=20)
    assert memory.plan_for(pipeline, "cpu", 1024, 1024).placement == "whole"


def test_a_model_too_large_is_refused_with_a_sentence() -> None:
    plan = memory.plan_memory(40 * GB, 24 * GB, 2 * GB)
    with pytest.raises(
        ModelError, match=r"needs 5\.37 GB of memory, and the GPU has 2\.15 GB free.*CPU"
    ):
        memory.apply(plan, tiny_pipeline(), "cuda")
    with pytest.raises(ModelError, match=r"this machine has 2\.15 GB free\. Close other programs"):
        memory.apply(plan, tiny_pipeline(), "cpu")


def test_tiles_are_switched_on_when_asked_and_said() -> None:
    pipeline = tiny_pipeline()
    pipeline.vae.tile_sample_min_size, pipeline.vae.tile_latent_min_size = 1024, 128
    plan = memory.MemoryPlan("whole", True, GB, 3 * GB)
    memory.apply(plan, pipeline, "cpu")
    assert pipeline.vae.use_tiling
    assert pipeline.vae.use_slicing
    assert pipeline.vae.tile_sample_min_size == 512
    assert pipeline.vae.tile_latent_min_size == 64
    assert "decoded in tiles" in memory.memory_note(plan, "cuda")


@pytest.mark.parametrize("make", [tiny_pipeline, tiny_flow_pipeline])
def test_offloading_parts_changes_no_bit_and_they_can_be_used_from_outside(make: Any) -> None:
    pipeline = make()

    def picture() -> Any:
        generator = torch.Generator("cpu").manual_seed(1)
        return pipeline(
            "a red car", num_inference_steps=2, generator=generator, output_type="np"
        ).images

    latents = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        before, decoded = picture(), pipeline.vae.decode(latents).sample
        memory.apply(memory.MemoryPlan("parts", False, 0, 0), pipeline, "cpu")
        assert np.array_equal(picture(), before)
        with memory.on_device(pipeline, "vae") as device:
            assert torch.equal(pipeline.vae.decode(latents.to(device)).sample, decoded)
        memory.put_back(pipeline)
        assert np.array_equal(picture(), before)


def test_a_part_used_from_outside_comes_to_the_device_and_goes_back() -> None:
    from accelerate.hooks import CpuOffload, add_hook_to_module

    class Counting(CpuOffload):  # type: ignore[misc]
        moves: list[str]

        def pre_forward(self, module: Any, *args: Any, **kwargs: Any) -> Any:
            self.moves.append("there")
            return args, kwargs

        def init_hook(self, module: Any) -> Any:
            self.moves.append("back")
            return module

    pipeline = tiny_pipeline()
    hook = Counting("cpu")
    hook.moves = []
    add_hook_to_module(pipeline.vae, hook)
    hook.moves = []

    def fail_inside() -> None:
        with memory.on_device(pipeline, "vae"):
            assert hook.moves == ["there"]
            raise KeyError

    with pytest.raises(KeyError):
        fail_inside()
    assert hook.moves == ["there", "back"]


def test_without_hooks_a_part_is_used_where_it_is() -> None:
    pipeline = tiny_pipeline()
    pipeline.vae.to("meta")
    with memory.on_device(pipeline, "vae") as device:
        assert device.type == "meta"
    memory.put_back(pipeline)


def test_when_memory_ran_out_all_the_same_there_is_a_next_plan() -> None:
    def chain(can_offload: bool) -> list[tuple[str, bool]]:
        found: list[tuple[str, bool]] = []
        plan: memory.MemoryPlan | None = memory.MemoryPlan("whole", False, 0, 0)
        while plan is not None:
            found.append((plan.placement, plan.tiles))
            plan = memory.slower(plan, can_offload=can_offload)
        return found

    assert chain(memory.can_offload("cuda:1")) == [
        ("whole", False),
        ("parts", False),
        ("parts", True),
        ("layers", True),
    ]
    assert chain(memory.can_offload("mps")) == [("whole", False), ("whole", True)]


def test_layers_are_the_way_where_parts_have_no_order() -> None:
    called: list[str] = []

    class Parts:
        model_cpu_offload_seq = None

        def enable_sequential_cpu_offload(self, device: str) -> None:
            called.append(device)

    plan = memory.apply(memory.MemoryPlan("parts", False, 0, GB), Parts(), "cuda:1")
    assert plan.placement == "layers"
    assert called == ["cuda:1"]
    assert "one by one" in memory.memory_note(plan, "cuda:1")


# what goes wrong


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."),
        RuntimeError("MPS backend out of memory (MPS allocated: 18.0 GB)"),
        RuntimeError("Invalid buffer size: 32.00 GiB"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried to"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError(
            "Native API failed. Native API returns: 39 (UR_RESULT_ERROR_OUT_OF_RESOURCES)"
        ),
        MemoryError(),
    ],
)
def test_knows_when_memory_ran_out(error: BaseException) -> None:
    assert device_errors.out_of_memory(error)
    assert not device_errors.device_lost(error)
    outer = ValueError("something else")
    outer.__cause__ = error
    assert device_errors.out_of_memory(outer)


def test_knows_a_real_allocation_that_failed() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(10**15)
    assert device_errors.out_of_memory(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "CUDA error: device-side assert triggered",
        "CUDA error: unspecified launch failure",
        "CUDA error: an illegal memory access was encountered",
        "Native API failed. Native API returns: 20 (UR_RESULT_ERROR_DEVICE_LOST)",
    ],
)
def test_knows_a_lost_device(text: str) -> None:
    assert device_errors.device_lost(torch.AcceleratorError(text))
    assert device_errors.device_lost(RuntimeError(text))
    assert not device_errors.out_of_memory(RuntimeError(text))


def test_other_errors_are_neither() -> None:
    for error in (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), ValueError("memory")):
        assert not device_errors.out_of_memory(error)
        assert not device_errors.device_lost(error)


def test_says_what_would_help_in_order() -> None:
    request = SamplingRequest("a red car", width=1024, height=768)
    assert device_errors.what_would_help([request] * 4, "cuda") == (
        "The GPU ran out of memory. Try fewer than 4 pictures at a time, 768 × 576 instead of "
        "1024 × 768 pixels or the CPU."
    )
    small = SamplingRequest("a red car", width=64, height=64)
    assert device_errors.what_would_help([small], "cpu") == (
        "This machine ran out of memory. Try closing other programs."
    )
    eased = device_errors.what_would_help([small], "cuda", eased=True)
    assert eased == (
        "The GPU ran out of memory. From now on more of the model waits in main memory: try "
        "again. If that is not enough, try the CPU."
    )
    unsized = device_errors.what_would_help([SamplingRequest("")], "cuda")
    assert unsized.endswith("Try a smaller picture or the CPU.")
