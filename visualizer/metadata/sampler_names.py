"""What other programs call our samplers, both ways."""

from __future__ import annotations

import re
from dataclasses import dataclass

from visualizer.diffusion.sampler_table import DIFFUSION, EDM, FLOW, SPACINGS

_TABLE = {row.key: row for table in (EDM, FLOW, DIFFUSION) for row in table}
LABELS = {v.key: v.label for row in _TABLE.values() for v in row.variants}
"""Every key a request may hold, and what people call it."""

_KEYS = {label: key for key, label in LABELS.items()}
_SPACED = {row.key for row in _TABLE.values() if row.spacings}


@dataclass(frozen=True)
class Found:
    """A sampler of another program, as far as there is one here.

    Attributes:
        key: ours; None where there is none.
        lost: a sentence on what of it is not here, or "".
    """

    key: str | None
    lost: str = ""


# --- Names of A1111, Forge, SD.Next --------------------------------------------------------------

_WEBUI = {
    "ddim": "ddim",
    "ddpm": "ddpm",
    "euler": "euler",
    "euler a": "euler_a",
    "heun": "heun",
    "dpm2": "dpm2",
    "dpm2 a": "dpm2_a",
    "lms": "lms",
    "dpm++ 2m": "dpmpp_2m",
    "dpm++ 2m sde": "dpmpp_2m_sde",
    "dpm++ 3m sde": "dpmpp_3m_sde",
    "dpm++ 2s": "dpmpp_2s",
    "dpm++ sde": "dpmpp_sde",
    "unipc": "unipc",
    "deis": "deis",
    "sa solver": "sa_solver",
    "sa-solver": "sa_solver",
    "pndm": "pndm",
    "plms": "plms",
    "lcm": "lcm",
    "tcd": "tcd",
}
_AUTOMATIC = {
    "dpmpp_2m": "karras",
    "dpmpp_sde": "karras",
    "dpmpp_2m_sde": "exponential",
    "dpmpp_3m_sde": "exponential",
    "dpm2": "karras",
    "dpm2_a": "karras",
}
"""What "Automatic" means there since version 1.9."""
_EVEN = {
    "",
    "automatic",
    "ddim",
    "ddim_uniform",
    "default",
    "discrete",
    "normal",
    "sgm_uniform",
    "simple",
    "uniform",
}
"""Spacings that are even in time, as ours are where nothing is said."""
_NO_SPACING = {"ddim", "ddpm", "unipc", "pndm", "plms", "deis", "sa_solver", "tcd"}
"""Samplers that are written without a schedule type."""


def to_webui(request_key: str | None, label: str) -> tuple[str, str]:
    """The names of a sampler and of its spacing in A1111 and Forge.

    Args:
        request_key: as in a request; None for the model's own.
        label: what ran, as people call it; used where there is no key.

    Returns:
        ("DPM++ 2M", "Karras"); the second is "" where nothing need be said.
    """
    key = request_key if request_key in LABELS else _KEYS.get(label)
    if key is None:
        return label, ""
    base, spacing = _split(key)
    name = _TABLE[base].label
    if spacing:
        return name, spacing.capitalize()
    # "SGM Uniform" leaves out the last of N+1 even times, which is our own ("trailing") spacing
    return name, "" if base in _NO_SPACING else "SGM Uniform"


def from_webui(name: str, spacing: str) -> Found:
    """Our sampler for names such as "DPM++ 2M Karras", or "DPM++ 2M" and "Karras"."""
    base, wanted = _folded(name), _folded(spacing)
    for known in SPACINGS:  # before version 1.9 the spacing was part of the name
        if base.endswith(f" {known}") and base not in _WEBUI:
            base, wanted = base.removesuffix(f" {known}"), wanted or known
    key = _WEBUI.get(base)
    if key is None:
        return _unknown(name)
    if wanted == "automatic":
        wanted = _AUTOMATIC.get(key, "")
    return _with_spacing(key, wanted.replace(" ", "_"), spacing or wanted)


# --- Names of ComfyUI and Fooocus ----------------------------------------------------------------

_COMFY = {
    "euler": "euler",
    "euler_ancestral": "euler_a",
    "heun": "heun",
    "dpm_2": "dpm2",
    "dpm_2_ancestral": "dpm2_a",
    "lms": "lms",
    "dpmpp_sde": "dpmpp_sde",
    "dpmpp_2m": "dpmpp_2m",
    "dpmpp_2m_sde": "dpmpp_2m_sde",
    "dpmpp_3m_sde": "dpmpp_3m_sde",
    "ddpm": "ddpm",
    "lcm": "lcm",
    "tcd": "tcd",
    "deis": "deis",
    "ddim": "ddim",
    "uni_pc": "unipc",
    "uni_pc_bh2": "unipc",
    "sa_solver": "sa_solver",
}


def from_comfyui(name: str, spacing: str) -> Found:
    """Our sampler for names such as "dpmpp_2m_sde_gpu" and "karras"."""
    key = _COMFY.get(name.strip().lower().removesuffix("_gpu"))
    return _unknown(name) if key is None else _with_spacing(key, spacing.strip().lower(), spacing)


# --- Names of InvokeAI and NovelAI ---------------------------------------------------------------

_INVOKE = {
    "ddim": "ddim",
    "ddpm": "ddpm",
    "deis": "deis",
    "lms": "lms",
    "pndm": "pndm",
    "plms": "plms",
    "heun": "heun",
    "euler": "euler",
    "euler_a": "euler_a",
    "euler_ancestral": "euler_a",
    "kdpm_2": "dpm2",
    "kdpm_2_a": "dpm2_a",
    "dpm_2": "dpm2",
    "dpm_2_a": "dpm2_a",
    "dpmpp_2s": "dpmpp_2s",
    "dpmpp_2": "dpmpp_2m",
    "dpmpp_2m": "dpmpp_2m",
    "dpmpp_2m_sde": "dpmpp_2m_sde",
    "dpmpp_sde": "dpmpp_sde",
    "unipc": "unipc",
    "lcm": "lcm",
    "tcd": "tcd",
}


def from_invokeai(name: str, spacing: str = "") -> Found:
    """Our sampler for names such as "euler_k" (version 3) and "k_euler_a" (version 2)."""
    base = name.strip().lower()
    if base.endswith("_k"):
        base, spacing = base.removesuffix("_k"), "karras"
    key = _INVOKE.get(base.removeprefix("k_"))
    return _unknown(name) if key is None else _with_spacing(key, spacing.strip().lower(), spacing)


def _with_spacing(key: str, wanted: str, written: str) -> Found:
    if wanted in SPACINGS and key in _SPACED:
        return Found(f"{key}_{wanted}")
    if wanted in _EVEN:
        return Found(key)
    return Found(
        key,
        f"Its noise levels were spaced as '{written[:60]}'. {LABELS[key]} has no such spacing "
        "here and spaces them evenly in time.",
    )


def _unknown(name: str) -> Found:
    return Found(None, f"The sampler '{name[:60]}' is not here. The model's own takes its place.")


def _split(key: str) -> tuple[str, str]:
    for spacing in SPACINGS:
        base = key.removesuffix(f"_{spacing}")
        if base != key and base in _TABLE:
            return base, spacing
    return key, ""


def _folded(name: str) -> str:
    return re.sub(r"\s+", " ", name).strip().lower()
