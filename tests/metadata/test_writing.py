"""What our files are told, read by us, by A1111's pattern, and by exiftool."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.example_runs import make_run
from tests.export.grids import four_seeds, make_grid
from tests.metadata import webui_parser
from tests.metadata.samples import png
from visualizer import export
from visualizer.diffusion import comparison_file, runfile
from visualizer.diffusion.request import FrozenMapping, SamplingRequest
from visualizer.diffusion.starts import EditedNoise, FromStep, Mix
from visualizer.metadata import infotext, writing
from visualizer.metadata.note import PROGRAM, LaneNote, Note, note_of, note_of_comparison
from visualizer.metadata.reading import read, read_text
from visualizer.metadata.remembered import OURS
from visualizer.metadata.sampler_names import LABELS, from_webui, to_webui

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=80)
SIZES = st.integers(1, 1024).map(lambda n: 8 * n)
REQUESTS = st.builds(
    SamplingRequest,
    prompt=WORDS,
    negative_prompt=st.none() | WORDS,
    seed=st.integers(0, 2**32 - 1),
    steps=st.none() | st.integers(1, 1000),
    guidance_scale=st.none() | st.floats(0, 100),
    sampler=st.none() | st.sampled_from(sorted(LABELS)),
    width=SIZES,
    height=SIZES,
    start=st.just(SamplingRequest("").start) | st.just(EditedNoise((Mix(3, 0.5),))),
    extra=st.just(FrozenMapping()) | st.just(FrozenMapping({"weighting": True, "n": [1, "x"]})),
)
NOTES = st.builds(
    lambda request, model: Note((LaneNote(request, "", model, "ab" * 32, "DDIM", 30),)),
    REQUESTS,
    WORDS,
)
PICTURE = Image.new("RGB", (16, 8), "red")


def in_png(note: Note) -> io.BytesIO:
    file = io.BytesIO()
    PICTURE.save(file, "PNG", pnginfo=writing.png_info(note))
    return file


def in_jpeg(note: Note) -> io.BytesIO:
    file = io.BytesIO()
    PICTURE.save(file, "JPEG", exif=writing.exif(note))
    return file


def in_webp(note: Note) -> io.BytesIO:
    file = io.BytesIO()
    PICTURE.save(file, "WEBP", exif=writing.exif(note))
    return file


def in_gif(note: Note) -> io.BytesIO:
    file = io.BytesIO()
    PICTURE.save(file, "GIF", comment=writing.gif_comment(note))
    return file


def in_pdf(note: Note) -> io.BytesIO:
    file = io.BytesIO()
    PICTURE.save(file, "PDF", **writing.pdf_info(note))
    return file


FORMS = [in_png, in_jpeg, in_webp, in_gif, in_pdf]


@pytest.mark.parametrize("form", FORMS)
@given(note=NOTES)
@settings(deadline=None)
def test_any_request_comes_back_as_it_was(form: Any, note: Note) -> None:
    found = read(form(note))
    assert found is not None
    assert found.source == OURS
    assert found.request == note.lanes[0].request
    assert found.not_honored == ()
    assert PROGRAM.endswith(found.version)


def lines_of(text: str) -> str:
    """What the form of A1111 can say of a text: no blanks at the ends of lines or of the whole."""
    return "\n".join(line.strip() for line in text.strip().split("\n")).strip()


@given(note=NOTES)
@settings(deadline=None)
def test_programs_with_the_pattern_of_a1111_read_the_same(note: Note) -> None:
    request = note.lanes[0].request
    text = writing.plain_text(note)
    found = webui_parser.parse(text)
    assert found["Seed"] == str(request.seed)
    assert found["Size"] == f"{request.width}x{request.height}"
    assert found["Steps"] == str(request.steps or 30)
    assert found["Version"] == PROGRAM
    if request.guidance_scale is not None:
        assert float(found["CFG scale"]) == pytest.approx(request.guidance_scale)
    if not request.extra and "Negative prompt:" not in request.prompt:
        said = infotext.unescaped(found["Prompt"])
        assert lines_of(said) == lines_of(request.prompt.replace("\r\n", "\n"))
        avoid = request.negative_prompt or ""
        if not avoid.lstrip().startswith("Negative prompt:"):
            assert lines_of(infotext.unescaped(found["Negative prompt"])) == lines_of(
                avoid.replace("\r\n", "\n")
            )


def test_the_text_is_that_of_a1111() -> None:
    request = SamplingRequest(
        "a red car\non a road", "blurry", 5, 30, 7.5, "dpmpp_2m_karras", 512, 768
    )
    note = Note((LaneNote(request, model="My: model, two", model_hash="0123456789abcdef"),))
    assert writing.plain_text(note) == (
        "a red car\non a road\n"
        "Negative prompt: blurry\n"
        "Steps: 30, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.5, Seed: 5, "
        'Size: 512x768, Model hash: 0123456789, Model: "My: model, two", '
        f"App: {OURS}, Version: {PROGRAM}"
    )


def test_weights_are_written_as_others_write_them_and_parentheses_are_not_taken_for_weights() -> (
    None
):
    weighted = SamplingRequest("a (red)1.3 car++", extra=FrozenMapping({"weighting": True}))
    plain = SamplingRequest("a (red) car [two]")
    text = writing.plain_text(Note((LaneNote(weighted),)))
    assert text.startswith("a (red:1.3) (car:1.21)\n")
    text = writing.plain_text(Note((LaneNote(plain),)))
    assert text.startswith("a \\(red\\) car \\[two\\]\n")
    found = read_text(text)
    assert found is not None
    assert found.request is not None
    assert found.request.prompt == plain.prompt


@pytest.mark.parametrize("key", sorted(LABELS))
def test_every_sampler_of_ours_comes_back_from_its_name_there(key: str) -> None:
    name, spacing = to_webui(key, "")
    assert from_webui(name, spacing).key == key
    assert from_webui(name, spacing).lost == ""
    assert to_webui(None, LABELS[key]) == (name, spacing)


@pytest.mark.parametrize("form", FORMS)
def test_a_comparison_tells_the_request_of_every_lane(form: Any) -> None:
    grid = four_seeds(2, 32)
    found = read(form(note_of_comparison(grid)))
    assert found is not None
    assert [lane.request for lane in found.lanes] == [lane.request for lane in grid.lanes]
    assert [lane.label for lane in found.lanes] == [lane.label for lane in grid.lanes]
    assert found.request == grid.lanes[0].request
    assert found.model == "Built-in"


def test_lanes_without_a_run_are_told_too() -> None:
    grid = make_grid(make_run(2), None, title="two")
    note = note_of_comparison(grid)
    found = read(in_png(note))
    assert found is not None
    assert found.title == "two"
    assert [lane.model for lane in found.lanes] == ["Built-in", ""]
    assert writing.plain_text(note).count("Comparison: ") == 1
    assert writing.clipboard_text(note).count("Seed: ") == 2


def test_a_branch_comes_back_with_its_parent() -> None:
    parent = SamplingRequest("a car", seed=3)
    request = SamplingRequest("a boat", seed=3, start=FromStep(parent, 4))
    found = read(in_jpeg(Note((LaneNote(request),))))
    assert found is not None
    assert found.request == request
    text = read_text(writing.plain_text(Note((LaneNote(request),))))
    assert text is not None
    assert any("step" in sentence for sentence in text.not_honored)


def test_pictures_that_were_given_are_said_to_be_missing() -> None:
    import numpy as np

    request = SamplingRequest("a car", extra=FrozenMapping({"image": np.zeros((2, 2)), "n": 2}))
    found = read(in_png(Note((LaneNote(request),))))
    assert found is not None
    assert found.request == SamplingRequest("a car", extra=FrozenMapping({"n": 2}))
    assert "'image'" in found.not_honored[0]


def test_a_jpeg_has_room_for_64_kb_and_keeps_what_fits() -> None:
    def exif(length: int) -> tuple[bytes, bool, bool]:
        note = Note((LaneNote(SamplingRequest("é" * length)),))
        content = writing.exif(note)
        PICTURE.save(io.BytesIO(), "JPEG", exif=content)  # Pillow refuses more
        return content, b"denoising-visualizer" in content, b"UNICODE" in content

    assert exif(1_000)[1:] == (True, True)
    assert exif(15_000)[1:] == (False, True)
    assert exif(100_000)[1:] == (False, False)


def test_the_comment_is_of_the_type_that_piexif_reads() -> None:
    content = writing.exif(Note((LaneNote(SamplingRequest("a car")),)))
    assert content.startswith(b"Exif\0\0MM\0*")  # the order of the comment's UTF-16
    assert b"\x92\x86\x00\x07" in content  # UNDEFINED; of numbers (BYTE) piexif makes a tuple
    comment = Image.Exif()
    comment.load(content)
    assert comment.get_ifd(0x8769)[0x9286].startswith(b"UNICODE\0\0a\0 \0c")


def test_files_of_the_first_version_are_still_read() -> None:
    run = make_run(2)
    model = {"name": "Built-in", "weights": "ab"}
    request = run.request.to_json()
    fields = {
        "Software": "Denoising Visualizer 0.1.0",
        "request": json.dumps(request),
        "model": json.dumps(model),
    }
    found = read(png(**fields))
    assert found is not None
    assert (found.request, found.model, found.version) == (run.request, "Built-in", "0.1.0")
    lanes = [{"label": "seed 7", "request": request, "model": model}]
    fields = {"Software": "x", "comparison": json.dumps({"title": "t", "lanes": lanes})}
    found = read(png(**fields))
    assert found is not None
    assert found.lanes[0].request == run.request
    page = (
        f'<!DOCTYPE html>\n<script type="application/json" id="made">{json.dumps(fields)}</script>'
    )
    page = page.replace(json.dumps(fields), json.dumps({"request": request, "model": model}))
    found = read(io.BytesIO(page.encode()))
    assert found is not None
    assert found.request == run.request


def test_runs_and_comparisons_are_read_from_their_beginning(tmp_path: Path) -> None:
    run, grid = make_run(3), four_seeds(2, 32)
    runfile.save(run, tmp_path / "a.denoise")
    comparison_file.save(grid, tmp_path / "b.denoise")
    found = read(tmp_path / "a.denoise")
    assert found is not None
    assert (found.request, found.model) == (run.request, run.model.name)
    found = read(tmp_path / "b.denoise")
    assert found is not None
    assert [lane.request for lane in found.lanes] == [lane.request for lane in grid.lanes]
    assert found.lanes[0].model == "Built-in"


@pytest.mark.parametrize("ending", ["mp4", "webm"])
def test_videos_keep_their_tags(tmp_path: Path, ending: str) -> None:
    av = pytest.importorskip("av")
    note = note_of(make_run(2, prompt="ein Auto, 日本"))
    path = tmp_path / f"a.{ending}"
    with av.open(str(path), "w") as container:
        container.metadata.update(writing.video_tags(note))
        stream = container.add_stream("libx264" if ending == "mp4" else "libvpx-vp9", rate=5)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        frame = av.VideoFrame.from_image(PICTURE.resize((32, 32)))
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    found = read(path)
    assert found is not None
    assert found.request == note.lanes[0].request
    assert found.size == (32, 32)


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
@pytest.mark.parametrize(
    ("form", "ending", "text", "own"),
    [
        (in_png, "png", "Parameters", "Denoising-visualizer"),
        (in_jpeg, "jpg", "UserComment", "ImageHistory"),
        (in_webp, "webp", "UserComment", "ImageHistory"),
        (in_gif, "gif", "Comment", None),
        (in_pdf, "pdf", "Subject", "Keywords"),
    ],
)
def test_exiftool_shows_both(
    tmp_path: Path, form: Any, ending: str, text: str, own: str | None
) -> None:
    # of PDF it knows no characters beyond the first 65 536
    note = note_of(make_run(2, prompt="ein Auto, 日本" + (" 🚗" if ending != "pdf" else "")))
    path = tmp_path / f"a.{ending}"
    path.write_bytes(form(note).getvalue())
    printed = subprocess.run(["exiftool", "-j", path], capture_output=True, check=True).stdout
    shown = json.loads(printed)[0]
    assert "Warning" not in shown
    wanted = writing.gif_comment(note).decode() if ending == "gif" else writing.plain_text(note)
    assert shown[text] == wanted
    if own == "Keywords":  # a list of words to exiftool
        assert "denoising-visualizer" in str(shown[own])
    elif own is not None:
        assert json.loads(shown[own]) == note.to_json()


def exiftool_columns() -> list[tuple[str, str]]:
    """Each ending that the documentation names, and what it says exiftool shows of such files."""
    text = (Path(__file__).parents[2] / "docs" / "pictures-that-remember.md").read_text("utf-8")
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| ")]
    start = next(i for i, row in enumerate(rows) if row[-1].strip() == "`exiftool FILE` shows")
    columns = []
    for kinds, *_, shown in rows[start + 2 : start + 10]:
        for kind in kinds.replace("page (HTML)", "html").split(","):
            columns.append((kind.strip(" `.").lower().replace("jpeg", "jpg"), shown.strip()))
    return columns


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
@pytest.mark.parametrize(("ending", "shown"), exiftool_columns())
def test_exiftool_shows_what_the_documentation_says(
    tmp_path: Path, ending: str, shown: str
) -> None:
    if ending in ("mp4", "webm"):
        pytest.importorskip("av")
    path, run = tmp_path / f"a.{ending}", make_run(3, prompt="a red car, by the sea")
    if ending == "denoise":
        runfile.save(run, path)
    else:
        export.write(run, path)
    printed = subprocess.run(["exiftool", "-j", path], capture_output=True, check=False).stdout
    values = list(json.loads(printed)[0].values())
    note = note_of(run)
    whole = writing.gif_comment(note).decode() if ending == "gif" else writing.json_text(note)
    found = (
        any("Seed: 7" in str(value) for value in values),
        any("denoising-visualizer" in str(value) for value in values),
        whole in values,
    )
    assert (
        found
        == {
            "both": (True, True, True),
            "the text; the JSON in pieces": (True, True, False),
            "nothing": (False, False, False),
        }[shown]
    )
