"""What other programs write into their pictures, in the forms their source code gives it."""

from __future__ import annotations

import io
import json
import struct
import zlib
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

A1111 = (
    "(masterpiece:1.2), a red car, <lora:cars_v2:0.8> [old|new]\n"
    "by the sea BREAK at dusk\n"
    "Negative prompt: blurry, \\(text\\)\n"
    "low quality\n"
    "Steps: 28, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 1234567890, "
    "Size: 832x1216, Model hash: 31e35c80fc, Model: sd_xl_base_1.0, Clip skip: 2, "
    "Denoising strength: 0.4, Variation seed: 77, Variation seed strength: 0.1, ENSD: 31337, "
    "Hires upscale: 1.5, Hires steps: 12, Hires upscaler: 4x-UltraSharp, "
    'Lora hashes: "cars_v2: 5f2a3b4c5d6e, film: 0a1b2c3d4e5f", '
    "Refiner: other [abc123], Refiner switch at: 0.8, Token merging ratio: 0.5, RNG: NV, "
    'TI hashes: "easyneg: 0123456789ab", Version: v1.10.1'
)
A1111_OLD = (
    "a red car\n"
    "Negative prompt: blurry\n"
    "Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 965400086, Size: 512x512, "
    "Model hash: 45dee52b, First pass size: 0x0\n"
    "\n"
    "Used embeddings: easyneg [1234]"
)
FORGE = (
    "a red car\n"
    "Steps: 20, Sampler: Euler, Schedule type: Simple, CFG scale: 1, Distilled CFG Scale: 3.5, "
    "Seed: 5, Size: 896x1152, Model hash: c161224931, Model: flux1-dev-bnb-nf4-v2, "
    "RNG: CPU, Version: f2.0.1v1.10.1-previous-665-gae278f79, Module 1: ae"
)
SD_NEXT = (
    "a red car\n"
    "Negative prompt: blurry\n"
    "Steps: 20, Size: 1024x1024, Sampler: Euler a, Seed: 5, CFG scale: 6, App: SD.Next, "
    "Version: 2d18e1e, Pipeline: StableDiffusionXLPipeline, Operations: txt2img, Model: juggernaut"
)


def comfyui_prompt() -> dict[str, Any]:
    """The default graph, with a LoRA and with a seed that comes along a link."""
    return {
        "3": {
            "class_type": "KSampler",
            "inputs": {
                "seed": ["20", 0],
                "steps": 25,
                "cfg": 7.5,
                "sampler_name": "dpmpp_2m_sde_gpu",
                "scheduler": "karras",
                "denoise": 1.0,
                "model": ["10", 0],
                "positive": ["6", 0],
                "negative": ["7", 0],
                "latent_image": ["5", 0],
            },
        },
        "4": {
            "class_type": "CheckpointLoaderSimple",
            "inputs": {"ckpt_name": "dreamshaper_8.safetensors"},
        },
        "5": {
            "class_type": "EmptyLatentImage",
            "inputs": {"width": 512, "height": 768, "batch_size": 1},
        },
        "6": {
            "class_type": "CLIPTextEncode",
            "inputs": {"text": "a (red:1.3) car", "clip": ["10", 1]},
        },
        "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["10", 1]}},
        "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
        "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["8", 0]}},
        "10": {
            "class_type": "LoraLoader",
            "inputs": {
                "lora_name": "film.safetensors",
                "strength_model": 0.7,
                "strength_clip": 1.0,
                "model": ["4", 0],
                "clip": ["4", 1],
            },
        },
        "20": {"class_type": "PrimitiveInt", "inputs": {"value": 99}},
    }


def comfyui_flux() -> dict[str, Any]:
    """Flux: every part of the sampling is a node of its own."""
    return {
        "5": {"class_type": "EmptySD3LatentImage", "inputs": {"width": 1024, "height": 1024}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a red car", "clip": ["11", 0]}},
        "8": {"class_type": "VAEDecode", "inputs": {"samples": ["13", 0], "vae": ["10", 0]}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0]}},
        "11": {"class_type": "DualCLIPLoader", "inputs": {"clip_name1": "t5", "clip_name2": "l"}},
        "12": {"class_type": "UNETLoader", "inputs": {"unet_name": "flux1-dev.safetensors"}},
        "13": {
            "class_type": "SamplerCustomAdvanced",
            "inputs": {
                "noise": ["25", 0],
                "guider": ["22", 0],
                "sampler": ["16", 0],
                "sigmas": ["17", 0],
                "latent_image": ["5", 0],
            },
        },
        "16": {"class_type": "KSamplerSelect", "inputs": {"sampler_name": "euler"}},
        "17": {
            "class_type": "BasicScheduler",
            "inputs": {"scheduler": "simple", "steps": 20, "denoise": 1.0, "model": ["30", 0]},
        },
        "22": {
            "class_type": "BasicGuider",
            "inputs": {"model": ["30", 0], "conditioning": ["26", 0]},
        },
        "25": {"class_type": "RandomNoise", "inputs": {"noise_seed": 2**40 + 7}},
        "26": {
            "class_type": "FluxGuidance",
            "inputs": {"guidance": 3.5, "conditioning": ["6", 0]},
        },
        "30": {"class_type": "ModelSamplingFlux", "inputs": {"model": ["12", 0]}},
    }


def comfyui_workflow() -> dict[str, Any]:
    """A graph as it is drawn: values without names, links in a list."""
    return {
        "last_node_id": 9,
        "nodes": [
            {
                "id": 3,
                "type": "KSampler",
                "mode": 0,
                "inputs": [
                    {"name": "model", "type": "MODEL", "link": 1},
                    {"name": "positive", "type": "CONDITIONING", "link": 4},
                    {"name": "negative", "type": "CONDITIONING", "link": 6},
                    {"name": "latent_image", "type": "LATENT", "link": 2},
                ],
                "widgets_values": [42, "randomize", 20, 8, "euler_ancestral", "normal", 1],
            },
            {"id": 4, "type": "CheckpointLoaderSimple", "widgets_values": ["v1-5.safetensors"]},
            {"id": 5, "type": "EmptyLatentImage", "widgets_values": [512, 512, 1]},
            {"id": 6, "type": "CLIPTextEncode", "inputs": [], "widgets_values": ["a red car"]},
            {"id": 7, "type": "CLIPTextEncode", "inputs": [], "widgets_values": ["blurry"]},
        ],
        "links": [
            [1, 4, 0, 3, 0, "MODEL"],
            [2, 5, 0, 3, 3, "LATENT"],
            [4, 6, 0, 3, 1, "CONDITIONING"],
            [6, 7, 0, 3, 2, "CONDITIONING"],
        ],
        "version": 0.4,
    }


INVOKE = json.dumps(
    {
        "generation_mode": "sdxl_txt2img",
        "positive_prompt": "a red++ car",
        "negative_prompt": "blurry",
        "width": 1024,
        "height": 768,
        "seed": 31,
        "rand_device": "cpu",
        "cfg_scale": 5.5,
        "steps": 30,
        "scheduler": "dpmpp_2m_k",
        "clip_skip": 0,
        "model": {
            "key": "k",
            "hash": "blake3:abc",
            "name": "juggernaut",
            "base": "sdxl",
            "type": "main",
        },
        "loras": [{"model": {"name": "film"}, "weight": 0.6}],
        "controlnets": [{"control_model": {"name": "canny"}}],
        "app_version": "5.4.2",
    }
)
INVOKE_OLD = json.dumps(
    {
        "model": "stable diffusion",
        "model_weights": "stable-diffusion-1.5",
        "model_hash": "cc6cb27103",
        "app_id": "invoke-ai/InvokeAI",
        "app_version": "v2.2.4",
        "image": {
            "prompt": [{"prompt": "a red car [blurry]", "weight": 1}],
            "steps": 50,
            "cfg_scale": 7.5,
            "threshold": 0,
            "perlin": 0.1,
            "height": 512,
            "width": 640,
            "seed": 11,
            "type": "txt2img",
            "sampler": "k_euler_a",
            "variations": [],
        },
    }
)
DREAM = '"a red car [blurry]" -s 50 -S 123 -W 512 -H 640 -C 7.5 -A k_lms'
NOVELAI = json.dumps(
    {
        "prompt": "1girl, {red} car",
        "steps": 28,
        "height": 1216,
        "width": 832,
        "scale": 5.0,
        "seed": 3,
        "sampler": "k_euler_ancestral",
        "noise_schedule": "karras",
        "uc": "blurry",
    }
)
FOOOCUS = json.dumps(
    {
        "prompt": "a red car",
        "negative_prompt": "blurry",
        "styles": "['Fooocus V2']",
        "steps": 30,
        "resolution": "(1152, 896)",
        "guidance_scale": 4.0,
        "sharpness": 2.0,
        "base_model": "juggernautXL_v8",
        "base_model_hash": "aeb7e9e689",
        "sampler": "dpmpp_2m_sde_gpu",
        "scheduler": "karras",
        "seed": "8",
        "loras": [["offset", 0.1, "4852686128"]],
        "version": "Fooocus v2.5.0",
    }
)


def png(**fields: str) -> io.BytesIO:
    """A PNG with text fields."""
    info, file = PngInfo(), io.BytesIO()
    for name, text in fields.items():
        info.add_text(name.replace("_", "-") if name == "sd_metadata" else name, text)
    Image.new("RGB", (8, 16), "red").save(file, "PNG", pnginfo=info)
    return file


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of(*chunks: bytes) -> io.BytesIO:
    """A PNG of given chunks, after its head and before its end."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 16, 8, 2, 0, 0, 0))
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IEND", b""))
