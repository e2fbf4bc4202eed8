"""What is taken over of other programs' settings, and what is said of the rest."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.metadata import samples
from tests.metadata.samples import png
from visualizer.diffusion.request import FrozenMapping, SamplingRequest
from visualizer.metadata.reading import read, read_text
from visualizer.metadata.remembered import Remembered


def read_png(**fields: str) -> Remembered:
    found = read(png(**fields))
    assert found is not None
    return found


def request_of(found: Remembered) -> SamplingRequest:
    assert found.request is not None
    return found.request


def is_said(found: Remembered, *words: str) -> bool:
    return all(any(word in sentence for sentence in found.not_honored) for word in words)


# --- A1111, Forge, SD.Next -----------------------------------------------------------------------


def test_a1111() -> None:
    found = read_png(parameters=samples.A1111)
    assert (found.source, found.version) == ("AUTOMATIC1111", "v1.10.1")
    assert (found.model, found.model_hash) == ("sd_xl_base_1.0", "31e35c80fc")
    assert found.size == (8, 16)
    request = request_of(found)
    assert request.prompt.startswith("(masterpiece:1.2), a red car, [old|new]\nby the sea BREAK")
    assert request.negative_prompt is not None
    assert request.negative_prompt.endswith("\nlow quality")
    assert (request.seed, request.steps, request.guidance_scale) == (1234567890, 28, 6.5)
    assert (request.sampler, request.width, request.height) == ("dpmpp_2m_karras", 832, 1216)
    assert request.extra == FrozenMapping({"weighting": True})
    assert is_said(
        found,
        "LoRA 'cars_v2' (strength 0.8)",
        "LoRA 'film'",
        "Clip skip 2",
        "Variation seed",
        "ENSD",
        "Hires fix",
        "Refiner",
        "Token",
        "RNG: NV",
        "BREAK",
        "Embeddings",
        "brackets",
    )
    assert not is_said(found, "not known here")
    assert len(found.not_honored) == len(set(found.not_honored)) == 12


def test_a1111_before_schedules_had_names_of_their_own() -> None:
    found = read_png(parameters=samples.A1111_OLD)
    request = request_of(found)
    assert (request.prompt, request.negative_prompt) == ("a red car", "blurry")
    assert (request.sampler, request.width, request.steps) == ("dpmpp_2m_karras", 512, 20)
    assert is_said(found, "graphics card", "Hires fix")


def test_forge_with_a_distilled_model() -> None:
    found = read_png(parameters=samples.FORGE)
    assert found.source == "Forge"
    assert request_of(found).guidance_scale == 3.5
    assert request_of(found).sampler == "euler"
    assert found.not_honored == ()


def test_settings_that_are_switched_off_are_not_said() -> None:
    off = "Token merging ratio: 0, Eta: 0, Seed resize from: -1x-1, Variation seed strength: 0"
    found = read_text(f"x\nSteps: 20, Sampler: DDIM, Seed: 1, RNG: CPU, Clip skip: 1, {off}")
    assert found is not None
    assert found.not_honored == ()


def test_sd_next_names_its_settings_in_another_order() -> None:
    found = read_png(parameters=samples.SD_NEXT)
    assert (found.source, found.model) == ("SD.Next", "juggernaut")
    assert request_of(found).sampler == "euler_a"
    assert request_of(found).width == 1024
    assert found.not_honored == ()


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
@pytest.mark.parametrize("order", ["utf-16-be", "utf-16-le"])
def test_exif_of_either_byte_order(form: str, order: str) -> None:
    tags, file = Image.Exif(), io.BytesIO()
    text = samples.A1111.replace("red car", "赤い車")
    tags.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + text.encode(order)
    Image.new("RGB", (8, 8)).save(file, form, exif=tags)
    found = read(file)
    assert found is not None
    assert "赤い車" in request_of(found).prompt
    assert request_of(found).steps == 28


def test_gif_comments_and_text_files() -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "GIF", comment=samples.FORGE.encode())
    found = read(file)
    assert found is not None
    assert found.source == "Forge"
    found = read_text(samples.FORGE)
    assert found is not None
    assert request_of(found).seed == 5
    assert read_text("a shopping list: eggs, milk, bread") is None


def test_civitai_lists_its_models_as_json() -> None:
    resources = [
        {
            "type": "checkpoint",
            "modelVersionId": 1,
            "modelName": "Foo, bar",
            "modelVersionName": "v1",
        },
        {"type": "lora", "weight": 0.8, "modelVersionId": 2, "modelName": "Film: noir"},
        {"type": "embed", "modelName": "easyneg"},
    ]
    found = read_text(
        "a cat\nSteps: 30, Sampler: Euler, CFG scale: 7, Seed: 3, Size: 832x1216, RNG: CPU, "
        f"Civitai resources: {json.dumps(resources)}, Civitai metadata: {{}}, Clip skip: 2"
    )
    assert found is not None
    assert found.model == "Foo, bar"
    assert request_of(found).seed == 3
    assert len(found.not_honored) == 3
    assert is_said(found, "LoRA 'Film: noir' (strength 0.8)", "embedding 'easyneg'", "Clip skip 2")


@pytest.mark.parametrize(
    ("written", "width", "said"),
    [("512 x 768", 512, ""), ("512×768", 512, ""), ("tall", None, "Its size, 'tall', cannot be")],
)
def test_a_size_is_read_or_said(written: str, width: int | None, said: str) -> None:
    found = read_text(f"x\nSteps: 20, Sampler: Euler, Seed: 1, Size: {written}, RNG: CPU")
    assert found is not None
    assert request_of(found).width == width
    assert len(found.not_honored) == bool(said)
    assert is_said(found, said) or not said


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-8"])
def test_a_text_file_is_read_in_any_form_of_unicode(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "settings.txt"
    path.write_bytes(samples.FORGE.replace("red car", "赤い車").encode(encoding))
    found = read(path)
    assert found is not None
    assert request_of(found).prompt == "a 赤い車"


@pytest.mark.parametrize(
    ("name", "spacing", "key", "lost"),
    [
        ("DPM++ 2M Karras", "", "dpmpp_2m_karras", ""),
        ("DPM++ 2M", "Automatic", "dpmpp_2m_karras", ""),
        ("DPM++ 2M", "", "dpmpp_2m", ""),
        ("DPM++ 2M SDE Exponential", "", "dpmpp_2m_sde_exponential", ""),
        ("Euler a", "Karras", "euler_a", "no such spacing"),
        ("Euler", "Align Your Steps", "euler", "Align Your Steps"),
        ("DPM++ 2S a", "Karras", None, "'DPM++ 2S a' is not here"),
        ("Restart", "", None, "'Restart' is not here"),
        ("UniPC", "SGM Uniform", "unipc", ""),
    ],
)
def test_samplers_of_a1111(name: str, spacing: str, key: str | None, lost: str) -> None:
    schedule = f"Schedule type: {spacing}, " if spacing else ""
    found = read_text(f"x\nSteps: 20, Sampler: {name}, {schedule}Seed: 1, RNG: CPU")
    assert found is not None
    assert request_of(found).sampler == key
    assert is_said(found, lost) if lost else found.not_honored == ()


@pytest.mark.parametrize(
    ("pairs", "field", "value", "said"),
    [
        ("Steps: 1000000000", "steps", None, "1000000000"),
        ("Steps: many", "steps", None, "'many'"),
        ("Seed: -1", "seed", 0, "-1"),
        ("Seed: 4294967301", "seed", 5, "4294967301"),
        ("Seed: " + "9" * 39, "seed", 0, "larger"),
        ("CFG scale: nan", "guidance_scale", None, "nan"),
        ("CFG scale: inf", "guidance_scale", None, "inf"),
        ("CFG scale: -3", "guidance_scale", None, "-3"),
        ("Size: 515x770", "width", 512, "no multiple of 8"),
        ("Size: 515x770", "height", 768, "no multiple of 8"),
        ("Size: 999999x8", "width", None, "999999"),
    ],
)
def test_senseless_values_are_corrected_or_left_out(
    pairs: str, field: str, value: Any, said: str
) -> None:
    rest = {"Steps": "20", "Seed": "1", "RNG": "CPU", "Sampler": "Euler"}
    name = pairs.split(":")[0]
    line = ", ".join([pairs, *(f"{k}: {v}" for k, v in rest.items() if k != name)])
    found = read_text(f"x\n{line}")
    assert found is not None
    assert getattr(request_of(found), field) == value
    assert is_said(found, said)
    assert len(found.not_honored) == 1


# --- ComfyUI -------------------------------------------------------------------------------------


def test_comfyui() -> None:
    found = read_png(prompt=json.dumps(samples.comfyui_prompt()), workflow="{}")
    assert (found.source, found.model) == ("ComfyUI", "dreamshaper_8.safetensors")
    assert request_of(found) == SamplingRequest(
        "a (red:1.3) car",
        "blurry",
        99,
        25,
        7.5,
        "dpmpp_2m_sde_karras",
        512,
        768,
        extra=FrozenMapping({"weighting": True}),
    )
    assert found.not_honored == ("The LoRA 'film.safetensors' (strength 0.7) is not applied here.",)


def test_comfyui_with_every_part_of_the_sampling_in_a_node() -> None:
    found = read_png(prompt=json.dumps(samples.comfyui_flux()))
    request = request_of(found)
    assert found.model == "flux1-dev.safetensors"
    assert (request.prompt, request.negative_prompt) == ("a red car", None)
    assert (request.seed, request.steps, request.guidance_scale) == (7, 20, 3.5)
    assert (request.sampler, request.width, request.height) == ("euler", 1024, 1024)
    assert len(found.not_honored) == 1
    assert is_said(found, str(2**40 + 7))


def test_comfyui_as_it_is_drawn() -> None:
    text = json.dumps(samples.comfyui_workflow())
    for found in (read_png(workflow=text), read_text(text)):
        assert found is not None
        assert found.model == "v1-5.safetensors"
        assert request_of(found) == SamplingRequest(
            "a red car", "blurry", 42, 20, 8.0, "euler_a", 512, 512
        )
        assert found.not_honored == ()


def test_comfyui_in_webp() -> None:
    tags, file = Image.Exif(), io.BytesIO()
    tags[0x0110] = "prompt:" + json.dumps(samples.comfyui_prompt())
    Image.new("RGB", (8, 8)).save(file, "WEBP", exif=tags)
    found = read(file)
    assert found is not None
    assert request_of(found).seed == 99


def test_comfyui_with_two_samplers_takes_the_first() -> None:
    graph = samples.comfyui_prompt()
    second = {**graph["3"]["inputs"], "seed": 1, "denoise": 0.5, "latent_image": ["3", 0]}
    graph["2"] = {"class_type": "KSampler", "inputs": second}
    graph["8"]["inputs"]["samples"] = ["2", 0]
    found = read_png(prompt=json.dumps(graph))
    assert request_of(found).seed == 99
    assert is_said(found, "2 times")


def test_comfyui_from_a_picture_with_a_control_picture_and_unknown_nodes() -> None:
    graph = samples.comfyui_prompt()
    graph["3"]["inputs"] |= {
        "latent_image": ["40", 0],
        "denoise": 0.6,
        "positive": ["41", 0],
        "negative": ["41", 1],
        "model": ["42", 0],
    }
    graph["40"] = {"class_type": "VAEEncode", "inputs": {"pixels": ["43", 0]}}
    graph["41"] = {
        "class_type": "ControlNetApplyAdvanced",
        "inputs": {"positive": ["6", 0], "negative": ["7", 0], "strength": 1.0},
    }
    graph["42"] = {"class_type": "FreeU_V2", "inputs": {"model": ["10", 0], "b1": 1.3}}
    graph["43"] = {"class_type": "LoadImage", "inputs": {"image": "x.png"}}
    found = read_png(prompt=json.dumps(graph))
    request = request_of(found)
    assert (request.prompt, request.negative_prompt) == ("a (red:1.3) car", "blurry")
    assert request.width is None
    assert is_said(found, "another picture", "denoise 0.6", "ControlNet", "'FreeU_V2'", "LoRA")


def test_comfyui_with_a_loader_that_encodes_the_words_itself() -> None:
    graph = samples.comfyui_prompt()
    words = {"positive": "a blue car", "negative": "fog", "ckpt_name": "other.safetensors"}
    graph["60"] = {"class_type": "Efficient Loader", "inputs": words}
    graph["3"]["inputs"] |= {"model": ["60", 0], "positive": ["60", 1], "negative": ["60", 2]}
    found = read_png(prompt=json.dumps(graph))
    assert found.model == "other.safetensors"
    assert request_of(found).prompt == "a blue car"
    assert request_of(found).negative_prompt == "fog"


def test_comfyui_with_a_part_of_the_steps_and_a_batch() -> None:
    graph = samples.comfyui_flux()
    graph["18"] = {"class_type": "SplitSigmas", "inputs": {"sigmas": ["17", 0], "step": 12}}
    graph["13"]["inputs"]["sigmas"] = ["18", 1]
    graph["5"]["inputs"]["batch_size"] = 4
    found = read_png(prompt=json.dumps(graph))
    assert request_of(found).steps == 20
    assert is_said(found, "a part of its steps", "4 pictures were made at once")

    graph = samples.comfyui_prompt()
    graph["3"]["class_type"] = "KSamplerAdvanced"
    graph["3"]["inputs"] |= {"noise_seed": 5, "start_at_step": 0, "end_at_step": 20}
    del graph["3"]["inputs"]["seed"], graph["3"]["inputs"]["denoise"]
    found = read_png(prompt=json.dumps(graph))
    assert request_of(found).seed == 5
    assert is_said(found, "a part of its steps")


def test_comfyui_in_circles_ends() -> None:
    graph = samples.comfyui_prompt()
    graph["6"]["inputs"]["text"] = ["50", 0]
    graph["50"] = {"class_type": "Reroute", "inputs": {"": ["51", 0]}}
    graph["51"] = {"class_type": "Reroute", "inputs": {"": ["50", 0]}}
    graph["10"]["inputs"]["model"] = ["10", 0]
    graph["3"]["inputs"]["negative"] = ["3", 0]
    graph["3"]["inputs"]["latent_image"] = ["3", 0]
    found = read_png(prompt=json.dumps(graph))
    assert request_of(found).prompt == ""
    assert is_said(found, "not known here")


def test_comfyui_says_layers_that_the_text_model_leaves_out() -> None:
    graph = samples.comfyui_prompt()
    graph["70"] = {
        "class_type": "CLIPSetLastLayer",
        "inputs": {"stop_at_clip_layer": -2, "clip": ["71", 0]},
    }
    graph["71"] = {"class_type": "Reroute", "inputs": {"": ["10", 1]}}
    graph["6"]["inputs"]["clip"] = ["70", 0]
    found = read_png(prompt=json.dumps(graph))
    assert len(found.not_honored) == 2
    assert is_said(found, "Clip skip 2 is not done here", "LoRA 'film.safetensors' (strength 0.7)")
    graph["70"]["inputs"]["stop_at_clip_layer"] = -1  # the last one
    assert len(read_png(prompt=json.dumps(graph)).not_honored) == 1
    drawn = samples.comfyui_workflow()
    drawn["nodes"][3]["inputs"] = [{"name": "clip", "link": 7}]
    drawn["nodes"].append({"id": 8, "type": "CLIPSetLastLayer", "widgets_values": [-2]})
    drawn["links"].append([7, 8, 0, 6, 0, "CLIP"])
    assert is_said(read_png(workflow=json.dumps(drawn)), "Clip skip 2")


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"lora_name": "film", "lora_model_strength": 0.6}, ["LoRA 'film' (strength 0.6)"]),
        ({"lora_name": "None", "clip_skip": -2}, ["Clip skip 2"]),
        ({"lora_name": "None", "clip_skip": -1}, []),
        ({"lora_name": "None", "lora_stack": ["61", 0]}, ["'a' (strength 0.5)", "'c'"]),
        ({"lora_stack": ["62", 0]}, ["LoRA 'd' (strength 0.9)"]),
        ({"lora_1": {"on": True, "lora": "e", "strength": 1}}, ["LoRA 'e' (strength 1)"]),
        ({"lora_1": {"on": False, "lora": "e", "strength": 1}}, []),
    ],
)
def test_comfyui_with_a_loader_that_does_everything(
    inputs: dict[str, Any], said: list[str]
) -> None:
    graph = samples.comfyui_prompt()
    words = {"positive": "a blue car", "negative": "fog", "ckpt_name": "other.safetensors"}
    size = {"empty_latent_width": 640, "empty_latent_height": 512}
    graph["60"] = {"class_type": "Efficient Loader", "inputs": {**words, **size, **inputs}}
    graph["61"] = {
        "class_type": "LoRA Stacker",
        "inputs": {
            "lora_count": 1,
            "lora_name_1": "a",
            "lora_wt_1": 0.5,
            "lora_name_2": "b",
            "lora_stack": ["63", 0],
        },
    }
    graph["62"] = {
        "class_type": "CR LoRA Stack",
        "inputs": {
            "switch_1": "On",
            "lora_name_1": "d",
            "model_weight_1": 0.9,
            "switch_2": "Off",
            "lora_name_2": "f",
        },
    }
    graph["63"] = {"class_type": "LoRA Stacker", "inputs": {"lora_name_1": "c"}}
    links = {"model": ["60", 0], "positive": ["60", 1], "negative": ["60", 2]}
    graph["3"]["inputs"] |= {**links, "latent_image": ["60", 3]}
    found = read_png(prompt=json.dumps(graph))
    assert found.model == "other.safetensors"
    assert (request_of(found).width, request_of(found).height) == (640, 512)
    assert len(found.not_honored) == len(said)
    assert is_said(found, *said)


@pytest.mark.parametrize(
    ("kind", "inputs", "size"),
    [
        ("SDXLEmptyLatentSizePicker+", {"resolution": "1152x896 (1.29)"}, (1152, 896)),
        (
            "SDXLEmptyLatentSizePicker+",
            {"resolution": "1152x896 (1.29)", "width_override": 640, "height_override": 512},
            (640, 512),
        ),
        ("EmptyLatentImage", {"width": ["81", 0], "height": ["81", 1]}, (1024, 768)),
        ("MysteryLatent", {"aspect": "wide"}, None),
        ("EmptyLatentImage", {"width": ["82", 0], "height": ["82", 0]}, None),
    ],
)
def test_comfyui_says_a_size_that_is_not_found(
    kind: str, inputs: dict[str, Any], size: tuple[int, int] | None
) -> None:
    graph = samples.comfyui_prompt()
    graph["5"] = {"class_type": kind, "inputs": inputs}
    graph["81"] = {"class_type": "Resolutions", "inputs": {"resolution": "wide - 1024x768 (4:3)"}}
    graph["82"] = {"class_type": "Mystery", "inputs": {"a": 1, "b": 2}}
    found = read_png(prompt=json.dumps(graph))
    assert (request_of(found).width, request_of(found).height) == (size or (None, None))
    said = "Its size comes from a node that is not known here. The model's own is taken."
    assert (said in found.not_honored) == (size is None)


@pytest.mark.parametrize(
    ("nodes", "prompt", "said"),
    [
        (
            {
                "StringConcatenate": {
                    "string_a": ["91", 0],
                    "string_b": ["92", 0],
                    "delimiter": ", ",
                }
            },
            "a car, at dusk",
            "",
        ),
        (
            {"Text Concatenate": {"text_a": "x", "text_c": ["92", 0], "delimiter": " "}},
            "x at dusk",
            "",
        ),
        (
            {"StringConcatenate": {"string_a": "x", "string_b": ["93", 0], "delimiter": ""}},
            "x",
            "A part of its prompt comes from a node not known here",
        ),
        ({"ShowText|pysssss": {"text": ["93", 0], "text_0": "seen"}}, "seen", "the last time"),
        ({"ShowText|pysssss": {"text": ["92", 0], "text_0": "old"}}, "at dusk", ""),
        (
            {"StringReplace": {"string": ["92", 0], "find": "dusk", "replace": "dawn"}},
            "at dusk",
            "'StringReplace' changes the prompt",
        ),
    ],
)
def test_comfyui_joins_the_words_that_nodes_make(
    nodes: dict[str, dict[str, Any]], prompt: str, said: str
) -> None:
    graph = samples.comfyui_prompt()
    ((kind, inputs),) = nodes.items()
    graph["6"]["inputs"]["text"] = ["90", 0]
    graph["90"] = {"class_type": kind, "inputs": inputs}
    joined = {"string_a": "a", "string_b": "car", "delimiter": " "}
    graph["91"] = {"class_type": "StringConcatenate", "inputs": joined}
    graph["92"] = {"class_type": "PrimitiveStringMultiline", "inputs": {"value": "at dusk"}}
    graph["93"] = {"class_type": "OllamaGenerate", "inputs": {"model": "x", "keep": 5}}
    found = read_png(prompt=json.dumps(graph))
    assert request_of(found).prompt == prompt
    rest = [sentence for sentence in found.not_honored if "LoRA" not in sentence]
    assert len(rest) == bool(said)
    assert is_said(found, said) or not said


def test_comfyui_joining_itself_again_and_again_ends() -> None:
    graph = samples.comfyui_prompt()
    graph["6"]["inputs"]["text"] = ["100", 0]
    for k in range(100, 200):
        both = {"string_a": [str(k + 1), 0], "string_b": [str(k + 1), 0], "delimiter": ""}
        graph[str(k)] = {"class_type": "StringConcatenate", "inputs": both}
    graph["200"] = {"class_type": "PrimitiveString", "inputs": {"value": "x"}}
    assert is_said(read_png(prompt=json.dumps(graph)), "A part of its prompt")


def test_comfyui_without_a_sampler() -> None:
    for workflow in ({}, {"workflow": json.dumps({"nodes": [], "links": []})}):
        graph = json.dumps({"1": {"class_type": "LoadImage", "inputs": {}}})
        found = read_png(prompt=graph, **workflow)
        assert found.request is None
        assert is_said(found, "no sampling node")


@pytest.mark.parametrize("name", ["ddim", "euler", "uni_pc"])
def test_comfyui_spacing_that_is_even_in_time_is_no_loss(name: str) -> None:
    graph = samples.comfyui_prompt()
    graph["3"]["inputs"] |= {"sampler_name": name, "scheduler": "ddim_uniform"}
    found = read_png(prompt=json.dumps(graph))
    assert request_of(found).sampler == {"uni_pc": "unipc"}.get(name, name)
    assert not is_said(found, "spaced")


# --- InvokeAI, NovelAI, Fooocus ------------------------------------------------------------------


def test_invokeai() -> None:
    found = read_png(invokeai_metadata=samples.INVOKE)
    assert (found.source, found.version) == ("InvokeAI", "5.4.2")
    assert (found.model, found.model_hash) == ("juggernaut", "blake3:abc")
    extra = FrozenMapping({"weighting": True})
    assert request_of(found) == SamplingRequest(
        "a red++ car", "blurry", 31, 30, 5.5, "dpmpp_2m_karras", 1024, 768, extra=extra
    )
    assert len(found.not_honored) == 2
    assert is_said(found, "LoRA 'film' (strength 0.6)", "ControlNet")


def test_invokeai_with_a_style_prompt_and_a_second_model() -> None:
    values = json.loads(samples.INVOKE) | {
        "positive_style_prompt": "a red++ car",
        "negative_style_prompt": "drawn",
        "refiner_model": {"model_name": "sd_xl_refiner_1.0"},
        "rand_device": "cuda",
        "scheduler": "heun_k",
    }
    found = read_png(invokeai_metadata=json.dumps(values))
    assert request_of(found).sampler == "heun_karras"
    assert is_said(found, "style text to avoid", "second model", "graphics card")
    assert not is_said(found, "style prompt is")


def test_invokeai_of_version_2() -> None:
    for fields in (
        {"sd_metadata": samples.INVOKE_OLD, "Dream": samples.DREAM},
        {"sd_metadata": samples.INVOKE_OLD},
    ):
        found = read_png(**fields)
        assert (found.model, found.model_hash) == ("stable-diffusion-1.5", "cc6cb27103")
        assert request_of(found) == SamplingRequest(
            "a red car", "blurry", 11, 50, 7.5, "euler_a", 640, 512
        )
        assert is_said(found, "Perlin")
    found = read_png(Dream=samples.DREAM)
    assert request_of(found) == SamplingRequest(
        "a red car", "blurry", 123, 50, 7.5, "lms", 512, 640
    )


def test_novelai() -> None:
    found = read_png(Software="NovelAI", Description="x", Comment=samples.NOVELAI)
    assert found.source == "NovelAI"
    request = request_of(found)
    assert (request.prompt, request.negative_prompt) == ("1girl, {red} car", "blurry")
    assert (request.seed, request.steps, request.sampler) == (3, 28, "euler_a")
    assert is_said(found, "{emphasis}", "picture will differ")


def test_fooocus() -> None:
    found = read_png(fooocus_scheme="fooocus", parameters=samples.FOOOCUS)
    assert (found.source, found.version) == ("Fooocus", "v2.5.0")
    assert (found.model, found.model_hash) == ("juggernautXL_v8", "aeb7e9e689")
    assert request_of(found) == SamplingRequest(
        "a red car", "blurry", 8, 30, 4.0, "dpmpp_2m_sde_karras", 1152, 896
    )
    assert is_said(found, "LoRA 'offset'", "styles", "sharpens")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_that_remembers_nothing(form: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, form)
    assert read(file) is None


def test_a_photograph_remembers_nothing() -> None:
    tags, file = Image.Exif(), io.BytesIO()
    tags[0x010F], tags[0x0110] = "Nikon", "D90"
    tags.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0at the sea: a nice day, really"
    Image.new("RGB", (8, 8)).save(file, "JPEG", exif=tags)
    assert read(file) is None
