"""Files of strangers: damaged, too large, or made to do harm."""

from __future__ import annotations

import io
import json
import os
import struct
import time
import zipfile
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.example_runs import make_run
from tests.export.grids import four_seeds
from tests.metadata import samples
from tests.metadata.samples import chunk, png, png_of
from visualizer.diffusion import comparison_file, runfile
from visualizer.metadata import infotext, json_text, webui, writing
from visualizer.metadata.note import note_of
from visualizer.metadata.reading import read, read_text
from visualizer.metadata.remembered import MetadataError

STARTS = [
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff\xe1",
    b"RIFF\x10\0\0\0WEBPEXIF",
    b"GIF89a",
    b"\0\0\0\x18ftypisom",
    b"\x1a\x45\xdf\xa3",
    b"PK\x03\x04",
    b"%PDF-1.4",
    b"<!DOCTYPE html>",
    b"\x40\0\0\0\0\0\0\0{",
    b"{",
    b"",
]


def gently(content: bytes) -> None:
    """Read; nothing but a sentence may come of it."""
    try:
        read(io.BytesIO(content))
    except MetadataError as error:
        assert str(error).endswith((".", "]'"))  # noqa: PT017


@cache
def whole_files() -> tuple[bytes, ...]:
    """One of each kind."""
    note = note_of(make_run(2))
    files = [png(parameters=samples.A1111, prompt=json.dumps(samples.comfyui_flux()))]
    for form, arguments in (
        ("PNG", {"pnginfo": writing.png_info(note)}),
        ("JPEG", {"exif": writing.exif(note)}),
        ("WEBP", {"exif": writing.exif(note)}),
        ("GIF", {"comment": writing.gif_comment(note)}),
        ("PDF", writing.pdf_info(note)),
    ):
        file = io.BytesIO()
        Image.new("RGB", (8, 8)).save(file, form, **arguments)
        files.append(file)
    files.append(io.BytesIO())
    texts = {name: np.asarray(text) for name, text in writing.raw_texts(note).items()}
    np.savez(files[-1], **texts)  # type: ignore[arg-type]
    contents = [file.getvalue() for file in files]
    contents.append(samples.A1111.encode())
    contents.append(json.dumps(samples.comfyui_workflow()).encode())
    return tuple(contents)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, ...]:
    """The beginnings of a run and a comparison, and a video."""
    folder = tmp_path_factory.mktemp("saved")
    runfile.save(make_run(2), folder / "a.denoise")
    comparison_file.save(four_seeds(2, 32), folder / "b.denoise")
    return tuple((folder / f"{name}.denoise").read_bytes()[:6000] for name in "ab")


@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_random_bytes_give_a_sentence(start: bytes, rest: bytes) -> None:
    gently(start + rest)


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_damaged_files_give_a_sentence(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(whole_files())))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    gently(bytes(content[: data.draw(st.integers(0, len(content)))]))
    gently(bytes(content))


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_damaged_runs_give_a_sentence(saved: tuple[bytes, ...], data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(saved)))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    gently(bytes(content))


def test_damaged_videos_give_a_sentence() -> None:
    av = pytest.importorskip("av")
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        container.metadata.update(writing.video_tags(note_of(make_run(2))))
        stream = container.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        frame = av.VideoFrame.from_image(Image.new("RGB", (32, 32)))
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    content = file.getvalue()
    rng = np.random.default_rng(0)
    for _ in range(100):
        damaged = bytearray(content)
        damaged[rng.integers(len(damaged))] ^= int(rng.integers(1, 256))
        gently(bytes(damaged))
        gently(bytes(damaged[: rng.integers(len(damaged))]))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def spoilt(values: Any, data: st.DataObject) -> Any:
    """JSON values with one of them, somewhere, replaced by any other."""
    if not isinstance(values, (dict, list)) or not values or data.draw(st.integers(0, 3)) == 0:
        return data.draw(JSON)
    keys = list(values) if isinstance(values, dict) else range(len(values))
    key = data.draw(st.sampled_from(keys))
    changed: Any = dict(values) if isinstance(values, dict) else list(values)
    changed[key] = spoilt(values[key], data)
    return changed


@cache
def objects() -> list[tuple[str, Any]]:
    note = note_of(make_run(2)).to_json()
    lanes = [{"label": "a", "request": note["request"], "model": note["model"]}]
    return [
        ("denoising-visualizer", note),
        ("denoising-visualizer", {"comparison": {"title": "t", "lanes": lanes}}),
        ("prompt", samples.comfyui_prompt()),
        ("prompt", samples.comfyui_flux()),
        ("workflow", samples.comfyui_workflow()),
        ("invokeai_metadata", json.loads(samples.INVOKE)),
        ("sd_metadata", json.loads(samples.INVOKE_OLD)),
        ("Comment", json.loads(samples.NOVELAI)),
        ("parameters", json.loads(samples.FOOOCUS)),
    ]


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_values_of_any_kind_in_any_place_are_survived(data: st.DataObject) -> None:
    name, values = data.draw(st.sampled_from(objects()))
    fields = {name: json.dumps(spoilt(values, data)), "fooocus_scheme": "fooocus"}
    if name == "Comment":
        fields = {**fields, "Software": "NovelAI"}
    gently(png(**fields).getvalue())


@given(st.text())
@settings(deadline=None)
def test_any_text_is_survived(text: str) -> None:
    read_text(text)
    read_text(text + "\n" + text + "\nSteps: 1, Seed: 2, Size: 3x4, " + text)


def test_a_lone_surrogate_and_a_nul_are_left_out_of_the_words() -> None:
    info = infotext.read("a \ud83d car\0\nSteps: 1, Seed: 2, Size: 8x8")
    assert info is not None
    found = webui.remembered(info, {})
    assert found.request is not None
    assert found.request.prompt == "a  car"
    invoke = {**json.loads(samples.INVOKE), "positive_prompt": "a \ud83d car\0"}
    invoked = read(png(invokeai_metadata=json.dumps(invoke)))
    assert invoked is not None
    assert invoked.request is not None
    assert invoked.request.prompt == "a  car"


def test_compressed_bombs_are_not_unpacked() -> None:
    bomb = zlib.compress(b"a" * 50_000_000, 9)
    for kind, before in ((b"zTXt", b"parameters\0\0"), (b"iTXt", b"parameters\0\1\0\0\0")):
        with pytest.raises(MetadataError, match="too large"):
            read(png_of(chunk(kind, before + bomb)))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("parameters.npy", b"\x93NUMPY" + b"a" * 50_000_000)
    assert read(file) is None


def test_a_text_that_is_too_large_is_not_read() -> None:
    with pytest.raises(MetadataError, match="too large"):
        read(png_of(chunk(b"tEXt", b"parameters\0" + b"a" * 5_000_000)))
    many = [chunk(b"tEXt", b"%d\0" % k + b"a" * 4_000_000) for k in range(5)]
    with pytest.raises(MetadataError, match="more text"):
        read(png_of(*many))
    claims = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 2**31 - 1) + b"tEXt"
    with pytest.raises(MetadataError, match="too large"):
        read(io.BytesIO(claims))


def test_a_changed_text_is_noticed() -> None:
    content = bytearray(png(parameters=samples.A1111).getvalue())
    content[content.index(b"red car")] ^= 1
    with pytest.raises(MetadataError, match="changed after it was saved"):
        read(io.BytesIO(bytes(content)))


def test_a_file_cut_off_behind_its_text_still_remembers() -> None:
    content = png(parameters=samples.A1111).getvalue()
    assert read(io.BytesIO(content[:-20])) is not None
    with pytest.raises(MetadataError, match="its end is missing"):
        read(io.BytesIO(content[:30]))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "PDF"])
def test_a_file_that_lost_its_end_is_called_damaged_and_not_empty(form: str) -> None:
    note = note_of(make_run(2))
    told: dict[str, dict[str, Any]] = {
        "PNG": {"pnginfo": writing.png_info(note)},
        "JPEG": {"exif": writing.exif(note)},
        "WEBP": {"exif": writing.exif(note)},
        "GIF": {"comment": writing.gif_comment(note)},
        "PDF": dict(writing.pdf_info(note)),
    }
    file = io.BytesIO()
    Image.effect_noise((64, 64), 90).convert("RGB").save(file, form, **told[form])
    content = file.getvalue()
    assert read(io.BytesIO(content)) is not None
    beginning = {"PNG": 60, "JPEG": 60, "WEBP": len(content) // 3, "GIF": 830, "PDF": 500}[form]
    with pytest.raises(MetadataError, match="damaged: its end is missing"):
        read(io.BytesIO(content[:beginning]))


def test_a_webp_is_read_whatever_stands_behind_it() -> None:
    file = io.BytesIO()
    Image.new("RGB", (9, 8)).save(file, "WEBP", exif=writing.exif(note_of(make_run(2))))
    content = bytearray(file.getvalue())
    assert read(io.BytesIO(bytes(content) + b"something else")) is not None
    content[4:8] = bytes(4)  # a program that wrote no length
    assert read(io.BytesIO(bytes(content))) is not None
    file = io.BytesIO()
    Image.new("RGB", (9, 8)).save(file, "WEBP")
    assert read(io.BytesIO(file.getvalue())) is None


def test_a_moving_gif_that_was_cut_is_called_damaged() -> None:
    file = io.BytesIO()
    frames = [Image.effect_noise((40, 40), 20 * k + 20) for k in range(4)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    content = file.getvalue()
    assert read(io.BytesIO(content)) is None
    for end in (len(content) // 2, len(content) - 1, 900):
        with pytest.raises(MetadataError, match="its end is missing"):
            read(io.BytesIO(content[:end]))
    with pytest.raises(MetadataError, match="its end is missing"):
        read(io.BytesIO(b"GIF89a\1\0\1\0\0\0\0!\xfe\xff" + b"x" * 100))


def test_text_behind_the_pixels_is_found() -> None:
    text = chunk(b"tEXt", b"parameters\0" + samples.A1111.encode())
    assert read(png_of(chunk(b"IDAT", b"no pixels at all"), text)) is not None


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 50_000,
        '\\"' * 1_000_000,
        '{"a": ' + "9" * 100_000 + "}",
        '"' * 1_000_001,
    ],
)
def test_deep_and_endless_json_is_refused_at_once(text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(json_text.NoJson):
        json_text.parse(text)
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    "line",
    [
        "a" * 190_000,
        "a b-" * 45_000,
        'k:"' * 60_000,
        "k: " + "\\" * 190_000,
        "aa: " * 45_000,
        "aa: [" * 38_000,
        "aa: " + "[" * 190_000,
        "aa: [" + "1," * 90_000,
        "aa: " + '{"k aa: {":1,' * 14_000,
        'aa: ["aa: [",' * 14_000,
    ],
)
def test_hostile_lines_are_read_in_reasonable_time(line: str) -> None:
    start = time.perf_counter()
    read_text(line + "\nSteps: 1, Seed: 2, Size: 3x4, " + line)
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize(
    "words", ["(", "[a:", "(a:1.", "<lora:", "\\(", "BREAK ", " [", "embedding:"]
)
def test_hostile_prompts_are_read_in_reasonable_time(words: str) -> None:
    text = (words * 50_000)[:50_000]
    start = time.perf_counter()
    read_text(text + "\nSteps: 1, Seed: 2, Size: 8x8")
    invoke = {**json.loads(samples.INVOKE_OLD)}
    invoke["image"]["prompt"] = text * 4
    read(png(sd_metadata=json.dumps(invoke)))
    assert time.perf_counter() - start < 10


def test_a_graph_of_thousands_of_nodes_is_walked_in_reasonable_time() -> None:
    graph = {
        str(k): {
            "class_type": "KSampler",
            "inputs": {
                "seed": [str(k + 1), 0],
                "latent_image": [str(k + 1), 0],
                **{f"i{j}": [str((k + j) % 4000), 0] for j in range(8)},
            },
        }
        for k in range(4000)
    }
    start = time.perf_counter()
    assert read(png(prompt=json.dumps(graph))) is not None
    assert time.perf_counter() - start < 20


def test_a_graph_of_many_loras_is_walked_in_reasonable_time() -> None:
    graph = {
        str(k): {
            "class_type": "LoraLoader",
            "inputs": {
                "text": [str(k + 1), 0],
                **{name: [str(k + 1), 0] for name in ("model", "clip", "lora_stack", "positive")},
                **{f"lora_name_{j}": [str(k + 1), 0] for j in range(120)},
                **{f"lora_wt_{j}": [str(k + 1), 0] for j in range(120)},
            },
        }
        for k in range(230)
    }
    graph["k"] = {"class_type": "KSampler", "inputs": {"model": ["0", 0], "positive": ["0", 0]}}
    start = time.perf_counter()
    assert read(png(prompt=json.dumps(graph))) is not None
    assert time.perf_counter() - start < 20


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_places_that_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "other").write_bytes(b"\x7fELF\0\0\0")
    for name, words in (
        ("pipe", "not a file"),
        ("", "is a folder"),
        ("none.png", "There is no file"),
        ("empty", "empty"),
        ("other", "no picture"),
        ("a\0b", "cannot be read"),
    ):
        with pytest.raises(MetadataError, match=words):
            read(tmp_path / name)


def test_a_request_of_a_stranger_is_kept_sensible() -> None:
    request = note_of(make_run(2)).to_json()["request"]
    for change, words in (
        ({"sampler": ["a"]}, "do not fit together|sampler"),
        ({"sampler": "nothing"}, "'nothing' is not here"),
        ({"steps": 90_000}, "90000"),
        ({"width": 16_000, "height": 16_000}, "size"),
        ({"seed": -1}, "seed"),
        ({"what": 1}, "'what'"),
    ):
        fields = {"denoising-visualizer": json.dumps({"request": {**request, **change}})}
        found = read(png(**fields))
        assert found is not None
        assert len(found.not_honored) == 1
        assert any(word in found.not_honored[0] for word in words.split("|"))
        if found.request is not None:
            assert found.request.prompt == request["prompt"]
