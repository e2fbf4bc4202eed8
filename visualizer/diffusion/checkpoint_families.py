"""Which family a single checkpoint belongs to, by the names and shapes of its weights.

The names are those of the programs that trained the models (and of ComfyUI, which keeps them with
a prefix); diffusers converts the families listed here while it loads them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from visualizer.diffusion.model_folder import ModelError
from visualizer.diffusion.weights_file import WeightsFile, WeightsFileError, read_weights_file

PREFIXES = ("model.diffusion_model.", "diffusion_model.", "")
_VAE = ("first_stage_model.", "vae.")
_OTHER_KINDS = {
    b"GGUF": "a quantized checkpoint (GGUF)",
    b"PK\x03\x04": "a pickle, which can run any program when it is opened",
    b"\x80\x02": "a pickle, which can run any program when it is opened",
}
_SD2 = "input_blocks.2.1.transformer_blocks.0.attn2.to_k.weight"


@dataclass(frozen=True)
class CheckpointFamily:
    """A family that comes as single checkpoints.

    Attributes:
        label: what people call it.
        pipeline_class, denoiser: diffusers' classes for it.
        part: what the denoiser is called in the pipeline: "unet" or "transformer".
        repository: where the parts that a checkpoint may lack can be had.
        configs: the folder of configs that ships with the program; "" where there is none.
        text_encoders: the beginning of the names of text encoders' weights.
        v_prediction: whether the network predicts v, where the weights tell it (else ε or flow).
        zero_snr: whether its noise levels end in pure noise.
    """

    label: str
    pipeline_class: str
    denoiser: str
    part: str
    repository: str
    configs: str = ""
    text_encoders: tuple[str, ...] = ("text_encoders.", "cond_stage_model.")
    v_prediction: bool = False
    zero_snr: bool = False


def read_checkpoint(path: Path) -> WeightsFile:
    """The header of a checkpoint.

    Raises:
        ModelError: when the file is no .safetensors, or not all of one.
    """
    try:
        return read_weights_file(path)
    except WeightsFileError as error:
        try:
            with path.open("rb") as file:
                start = file.read(4)
        except OSError:
            start = b""
        for mark, what in _OTHER_KINDS.items():
            if start.startswith(mark):
                raise ModelError(
                    f"'{path.name}' is {what}: only .safetensors checkpoints are opened."
                ) from error
        raise ModelError(f"'{path.name}' {error}. Download it again, or choose another.") from error


def recognize(file: WeightsFile) -> CheckpointFamily:
    """The family of a checkpoint, from its header alone.

    Raises:
        ModelError: when it is something else: an adapter, an autoencoder, another kind of model.
    """
    name = file.path.name
    for names, what in _NO_MODELS:
        if any(names(weight) for weight in file.tensors):
            raise ModelError(
                f"'{name}' is {what}, which adds to a model or is a part of one. Open a whole "
                "model instead."
            )
    found = _unet_family(file) or _transformer_family(file)
    if found is None:
        raise ModelError(
            f"'{name}' holds no image model that can be opened from one file. Open the model's "
            "folder in the diffusers format instead."
        )
    return found


def is_whole(file: WeightsFile, family: CheckpointFamily) -> bool:
    """Whether the autoencoder and the text encoders are in the file too."""
    return all(
        any(weight.startswith(beginnings) for weight in file.tensors)
        for beginnings in (family.text_encoders, _VAE)
    )


def what_is_missing(file: WeightsFile, family: CheckpointFamily) -> str:
    """A sentence for a checkpoint that nothing here can complete."""
    if is_whole(file, family) and family.configs:
        return (
            f"'{file.path.name}' is a {family.label} of unusual size, and how it is built is not "
            "in the file. Open the model's folder in the diffusers format instead."
        )
    return (
        f"'{file.path.name}' is a {family.label} without all the other parts that it needs. They "
        f"are in '{family.repository}'; its own {family.part} is not needed. Download them, then "
        f"open the file again: denoising-visualizer download {family.repository} "
        f"--without {family.part}"
    )


def prefix_of(file: WeightsFile) -> str:
    """What the names of the denoiser's weights begin with."""
    return next(
        (p for p in PREFIXES[:-1] if any(weight.startswith(p) for weight in file.tensors)), ""
    )


def _unet_family(file: WeightsFile) -> CheckpointFamily | None:
    """Stable Diffusion 1, 2 and XL, which are told apart by what their attention listens to."""
    prefix = prefix_of(file)
    first = file.shape(f"{prefix}input_blocks.0.0.weight")
    if first is None or len(first) != 4:
        return None
    if first[1] != 4:
        raise ModelError(
            f"'{file.path.name}' paints into a given picture (it takes {first[1]} channels, not "
            "4). This program shows models that begin with pure noise."
        )
    if any(w.startswith("conditioner.embedders.1.") for w in file.tensors):
        if "edm_mean" in file.tensors or "edm_vpred.sigma_max" in file.tensors:
            raise ModelError(
                f"'{file.path.name}' is a Playground or EDM model, whose noise levels cannot be "
                "known from one file. Open its folder in the diffusers format instead."
            )
        v = "v_pred" in file.tensors
        return CheckpointFamily(
            *("Stable Diffusion XL", "StableDiffusionXLPipeline", "UNet2DConditionModel", "unet"),
            repository="stabilityai/stable-diffusion-xl-base-1.0",
            configs="stable-diffusion-xl",
            text_encoders=("conditioner.embedders.",),
            v_prediction=v,
            zero_snr=v and "ztsnr" in file.tensors,
        )
    if any(w.startswith("conditioner.embedders.0.") for w in file.tensors):
        raise ModelError(
            f"'{file.path.name}' is the refiner of Stable Diffusion XL, which goes on with a "
            "picture that another model began. Open the base model instead."
        )
    listens = file.shape(f"{prefix}{_SD2}")
    second = listens is not None and listens[-1] == 1024
    return CheckpointFamily(
        "Stable Diffusion 2" if second else "Stable Diffusion 1",
        *("StableDiffusionPipeline", "UNet2DConditionModel", "unet"),
        repository="stable-diffusion-v1-5/stable-diffusion-v1-5",
        configs="stable-diffusion-2" if second else "stable-diffusion-1",
        v_prediction=second and predicts_v(file),
    )


def predicts_v(file: WeightsFile) -> bool:
    """Whether a Stable Diffusion 2 predicts v; its header does not say it.

    One bias of the last attention is spread wider in the models that were trained on v, as
    ComfyUI found (``comfy/supported_models.py``, ``SD20``); the metadata go first where they say.
    """
    noted = file.metadata.get("modelspec.prediction_type", "")
    if noted:
        return noted.startswith("v")
    name = f"{prefix_of(file)}output_blocks.11.1.transformer_blocks.0.norm1.bias"
    if name not in file.tensors:
        return False
    return _spread(file, name) > 0.09


def _spread(file: WeightsFile, name: str) -> float:
    """The standard deviation of one small weight."""
    import numpy as np

    tensor = file.tensors[name]
    with file.path.open("rb") as stream:
        stream.seek(file.data_offset + tensor.start)
        data = stream.read(tensor.end - tensor.start)
    if tensor.dtype == "BF16":  # the upper half of a float32
        wide = np.frombuffer(data, "<u2").astype(np.uint32) << 16
        return float(wide.view(np.float32).std())
    kind = {"F16": "<f2", "F32": "<f4"}.get(tensor.dtype)
    return 0.0 if kind is None else float(np.frombuffer(data, kind).astype(np.float64).std())


def _transformer_family(file: WeightsFile) -> CheckpointFamily | None:
    prefix = prefix_of(file)
    for mark, label, pipeline, denoiser, repository in _TRANSFORMERS:
        if f"{prefix}{mark}" in file.tensors:
            _refuse_other_inputs(file, prefix)
            return CheckpointFamily(
                *(label, pipeline, denoiser, "transformer"),
                repository=_schnell(file, prefix) or repository,
                configs="stable-diffusion-3" if label == "Stable Diffusion 3" else "",
            )
    return None


def _schnell(file: WeightsFile, prefix: str) -> str:
    if f"{prefix}double_blocks.0.img_attn.norm.key_norm.scale" not in file.tensors:
        return ""
    if any(
        f"{prefix}{mark}" in file.tensors
        for mark in ("guidance_in.in_layer.bias", "distilled_guidance_layer.in_proj.bias")
    ):
        return ""
    return "black-forest-labs/FLUX.1-schnell"


def _refuse_other_inputs(file: WeightsFile, prefix: str) -> None:
    """Flux Fill and Flux Depth have the weights of Flux, and take a picture beside the noise."""
    shape = file.shape(f"{prefix}img_in.weight")
    is_flux = f"{prefix}double_blocks.0.img_attn.norm.key_norm.scale" in file.tensors
    if is_flux and shape is not None and shape[-1] != 64:
        raise ModelError(
            f"'{file.path.name}' is a Flux that takes a picture beside the noise. Open its folder "
            "in the diffusers format instead."
        )


_TRANSFORMERS = (
    (
        *("single_stream_modulation.lin.weight", "Flux 2", "Flux2Pipeline"),
        *("Flux2Transformer2DModel", "black-forest-labs/FLUX.2-dev"),
    ),
    (
        *("distilled_guidance_layer.in_proj.bias", "Chroma", "ChromaPipeline"),
        *("ChromaTransformer2DModel", "lodestones/Chroma1-HD"),
    ),
    (
        *("double_blocks.0.img_attn.norm.key_norm.scale", "Flux", "FluxPipeline"),
        *("FluxTransformer2DModel", "black-forest-labs/FLUX.1-dev"),
    ),
    (
        *("joint_blocks.0.context_block.adaLN_modulation.1.bias", "Stable Diffusion 3"),
        *("StableDiffusion3Pipeline", "SD3Transformer2DModel"),
        "stabilityai/stable-diffusion-3-medium-diffusers",
    ),
    (
        *("double_layers.0.attn.w2q.weight", "AuraFlow", "AuraFlowPipeline"),
        *("AuraFlowTransformer2DModel", "fal/AuraFlow-v0.3"),
    ),
    (
        *("layers.0.adaLN_modulation.0.weight", "Z-Image", "ZImagePipeline"),
        *("ZImageTransformer2DModel", "Tongyi-MAI/Z-Image-Turbo"),
    ),
    (
        *("cap_embedder.0.weight", "Lumina 2", "Lumina2Pipeline"),
        *("Lumina2Transformer2DModel", "Alpha-VLLM/Lumina-Image-2.0"),
    ),
    (
        *("blocks.0.cross_attn.q_linear.weight", "Sana", "SanaPipeline"),
        *("SanaTransformer2DModel", "Efficient-Large-Model/Sana_1600M_1024px_diffusers"),
    ),
    (
        *("txt_in.text_norm.weight", "Qwen-Image 2.1", "QwenImage21Pipeline"),
        *("QwenImage21Transformer2DModel", "Qwen/Qwen-Image-2.1"),
    ),
    (
        *("transformer_blocks.0.img_mod.1.weight", "Qwen-Image", "QwenImagePipeline"),
        *("QwenImageTransformer2DModel", "Qwen/Qwen-Image"),
    ),
    (
        *("txtfusion.projector.weight", "Krea 2", "Krea2Pipeline"),
        *("Krea2Transformer2DModel", "krea/Krea-2-Raw"),
    ),
)
"""A weight that only this family has, its name, diffusers' classes, and where the rest can be had.

The order matters: Chroma has all the marks of Flux, Z-Image those of Lumina."""

_NO_MODELS: tuple[tuple[Callable[[str], bool], str], ...] = (
    (
        lambda n: any(mark in n for mark in ("lora_up", "lora_down", "lora_A", "lora_B", "loha_")),
        "a LoRA",
    ),
    (lambda n: n.startswith(("control_model.", "controlnet_")), "a ControlNet"),
    (lambda n: "motion_modules." in n, "a motion module"),
    (lambda n: n in ("emb_params", "clip_l", "clip_g"), "a textual inversion"),
    (lambda n: n.startswith(("encoder.down.", "encoder.conv_in")), "an autoencoder"),
    (lambda n: n.startswith(("text_model.", "encoder.block.")), "a text encoder"),
)
