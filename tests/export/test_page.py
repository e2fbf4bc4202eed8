"""The page for browsers: one file, nothing from anywhere, text that stays text."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.example_runs import SIZE, StandInDecoder, make_picture, make_run
from tests.export.grids import make_grid
from visualizer import export
from visualizer.diffusion.comparison import Comparison
from visualizer.diffusion.picture_difference import difference_map, heat_picture
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.trajectory import Trajectory
from visualizer.export import ExportError, page_contents, page_pictures
from visualizer.export.film import film_of
from visualizer.export.options import ExportOptions
from visualizer.export.page import page_size, write_page
from visualizer.export.page_pictures import coded

EVIL = """</script><script>alert(1)</script><!-- <img src="http://a.example/x"> ' & \u2028 🚗"""
VOID = {"meta", "link", "img", "input", "br", "line", "path", "polygon", "polyline", "rect"}
PAGE = ExportOptions(format="page")


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}  # by tag, or by "#id"
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == [], "a tag was left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(f"#{dict(attrs)['id']}" if "id" in dict(attrs) else tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        opened = self._open.pop()
        assert opened == tag or opened.startswith("#"), f"{tag} closes {opened}"

    def handle_data(self, data: str) -> None:
        for name in self._open[-1:]:
            self.texts[name] = self.texts.get(name, "") + data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def data(self) -> Any:
        return json.loads(self.texts["#data"])

    def file(self, place: int) -> bytes:
        """A picture, which is text, or the still one that is shown at first."""
        for still in self.all("img"):
            if still.get("id") == f"p{place}":
                return base64.b64decode((still["src"] or "").split(",")[1])
        return base64.b64decode(self.texts[f"#p{place}"])

    def picture(self, place: int) -> Any:
        with Image.open(io.BytesIO(self.file(place))) as image:
            return np.asarray(image.convert("RGB"))

    @property
    def count(self) -> int:
        """How many pictures there are."""
        places = {f"#{each.get('id')}" for each in self.all("img")} | set(self.texts)
        return sum(re.fullmatch(r"#p\d+", place) is not None for place in places)


def made(what: Trajectory | Comparison, options: ExportOptions = PAGE) -> tuple[str, Page]:
    file = io.BytesIO()
    write_page(film_of(what, options), file, lambda done, total: None)
    text = file.getvalue().decode()
    return text, Page(text)


def written(what: Trajectory | Comparison, folder: Path) -> tuple[str, Page]:
    export.write(what, folder / "page.html")
    text = (folder / "page.html").read_text(encoding="utf-8")
    return text, Page(text)


def reduced(picture: Any) -> Any:
    return np.asarray(Image.fromarray(picture).reduce(8), float)


def test_a_page_shows_every_step_in_two_views(tmp_path: Path) -> None:
    run = make_run(6, size=64)
    _, found = written(run, tmp_path)
    data = found.data
    assert data["views"] == ["noisy", "denoised"]
    assert [moment[0] for moment in data["moments"]][:: len(data["moments"]) - 1] == [
        "step 0 of 6 · 100 % noise",
        "step 6 of 6 · 0 % noise",
    ]
    assert data["start"] == 6
    (lane,) = data["lanes"]
    assert lane["size"] == [64, 64]
    for view in ("noisy", "denoised"):
        for k, place in enumerate(lane["frames"][view]):
            shown = found.picture(place)
            assert np.abs(reduced(shown) - reduced(run.picture(k, view))).mean() < 8, (view, k)
    assert found.texts["h1"] == "a red Ferrari on a mountain road at sunset"
    assert found.texts["title"] == found.texts["h1"]
    assert found.texts["bdi"].startswith("seed 76 stepsguidance 3")
    assert SamplingRequest.from_json(json.loads(found.texts["#made"])["request"]) == run.request


def test_a_run_of_thirty_steps_is_small(tmp_path: Path) -> None:
    written(make_run(30, size=128), tmp_path)
    assert (tmp_path / "page.html").stat().st_size <= 1_500_000


def test_a_page_asks_for_nothing_from_anywhere(tmp_path: Path) -> None:
    text, found = written(make_grid(make_run(3), None, make_run(3, prompt=EVIL)), tmp_path)
    for tag, attributes in found.tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), f"{tag} {name}"
            assert name not in ("style", "srcset", "action", "formaction", "xlink:href")
            if name in ("src", "href", "poster", "data"):
                assert (value or "").startswith("data:"), f"{tag} {name}={value}"
        assert tag not in ("iframe", "object", "embed", "base", "form", "a", "audio", "video")
    shipped = found.texts["style"] + found.texts["script"]
    assert not re.search(r"https?:|//[a-z]|url\(|@import|fetch|XMLHttp|WebSocket|import\(", shipped)
    assert "http://" not in re.sub(r"http://a\.example/x", "", text)


def test_the_policy_allows_this_script_and_this_style_alone(tmp_path: Path) -> None:
    _, found = written(make_run(2), tmp_path)
    (policy,) = [
        meta["content"] or ""
        for meta in found.all("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    for directive, tag in (("script-src", "script"), ("style-src", "style")):
        digest = hashlib.sha256(found.texts[tag].encode()).digest()
        assert rules[directive] == f"'sha256-{base64.b64encode(digest).decode()}'"
    first = [tag for tag, _ in found.tags].index("meta")
    assert found.tags[first + 1][1]["http-equiv"] == "Content-Security-Policy", "it comes too late"


def test_script_in_a_prompt_is_text(tmp_path: Path) -> None:
    request = SamplingRequest(EVIL, negative_prompt=EVIL, seed=1)
    run = make_run(2, request=request)
    lanes = [replace(lane, label=EVIL, failure=EVIL) for lane in make_grid(run, None, run).lanes]
    grid = Comparison(tuple(lanes), title=EVIL, summary=EVIL)
    for what in (run, grid):
        text, found = written(what, tmp_path)
        assert found.texts["h1"] == EVIL
        scripts = found.all("script")
        kinds = [script.get("type") for script in scripts]
        assert {*kinds[:-1]} == {"application/json", "text/plain"}
        assert kinds[-1] is None
        assert text.count("<script") == text.count("</script") == len(scripts)
        assert "<!--" not in text
        assert "alert(1)" not in found.texts["script"]
    assert [lane and lane["label"] for lane in found.data["lanes"]] == [EVIL, None, EVIL]


@settings(max_examples=30, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_prompt_comes_out_as_it_went_in(prompt: str) -> None:
    usual = len(made(make_run(1, request=SamplingRequest("a"), size=8))[1].tags)
    request = SamplingRequest(prompt.replace("\0", ""))
    _, found = made(make_run(1, request=request, size=8))
    assert len(found.tags) == usual
    assert SamplingRequest.from_json(json.loads(found.texts["#made"])["request"]) == request
    shown = found.texts["h1"].replace("\r", "\n")
    assert shown == (request.prompt or "(no prompt)").replace("\r", "\n")


def test_controls_are_there_for_mouse_touch_keyboard_and_screen_readers(tmp_path: Path) -> None:
    _, found = written(make_run(4), tmp_path)
    controls = {tag.get("id"): tag for tag in found.all("input")}
    scrub = controls["scrub"]
    assert (scrub["type"], scrub["min"], scrub["max"]) == ("range", "0", "4")
    assert scrub["aria-label"]
    views = [tag for tag in found.all("button") if tag.get("name") == "view"]
    assert [(view["value"], view["aria-pressed"]) for view in views] == [
        ("noisy", "true"),
        ("denoised", "false"),
    ]
    named = [tag for tag in found.all("button") if tag.get("aria-label") or tag.get("title")]
    assert len(named) == len(found.all("button"))
    script, style = found.texts["script"], found.texts["style"]
    assert "pointerdown" in script
    assert "ArrowRight" in script
    assert "prefers-color-scheme: light" in style
    assert {"name": "color-scheme", "content": "dark light"} in found.all("meta")


def test_the_plot_has_the_planned_and_the_measured_line(tmp_path: Path) -> None:
    run = make_run(4)
    _, found = written(run, tmp_path)
    planned, measured = (tag["points"] or "" for tag in found.all("polyline"))
    points = [[float(number) for number in point.split(",")] for point in planned.split()]
    levels = [step.noise_level.noise_share for step in run.steps]
    assert [x for x, _ in points] == pytest.approx([0, 250, 500, 750, 1000])
    assert [y for _, y in points] == pytest.approx(
        [100 - 100 * share for share in levels], abs=0.01
    )
    reel = film_of(run, PAGE).reel
    real = [share for k in range(5) if (share := reel.measured(k)) is not None]
    heights = [float(point.split(",")[1]) for point in measured.split()]
    assert heights == pytest.approx([100 - 100 * share for share in real], abs=0.01)
    assert len(found.data["moments"][2]) == 3


def test_a_run_without_guesses_has_one_view(tmp_path: Path) -> None:
    run = make_run(4, pictures={(k, "noisy"): make_picture(0.5) for k in range(4)})
    _, found = written(run, tmp_path)
    assert found.data["views"] == ["noisy"]
    assert not [tag for tag in found.all("button") if tag.get("name") == "view"]


# --- Grids ----------------------------------------------------------------------------------------


def test_a_page_of_a_grid_has_a_figure_for_each_lane(tmp_path: Path) -> None:
    short, long = make_run(2, seed=1), make_run(4, seed=2)
    text, found = written(make_grid(short, None, long), tmp_path)
    assert len(found.all("figure")) == 3
    assert len([tag for tag in found.all("img") if tag.get("id")]) == 2
    assert "Memory ran out. Try a smaller size." in text
    assert "--columns: 2" in found.texts["style"]
    first, failed, third = found.data["lanes"]
    assert failed is None
    assert len(set(first["frames"]["noisy"])) == 3
    assert len(set(third["frames"]["noisy"])) == 5
    assert all(len(frames) == 5 for frames in first["frames"].values())


def test_what_branches_share_is_on_the_page_once(tmp_path: Path) -> None:
    parent = make_run(6, seed=1)
    steps = parent.steps[:4] + make_run(6, seed=2).steps[4:]
    branch = replace(parent, steps=steps, final=make_picture(0.2))
    _, found = written(make_grid(parent, branch), tmp_path)
    first, second = found.data["lanes"]
    for view in ("noisy", "denoised"):
        assert first["frames"][view][:4] == second["frames"][view][:4]
        assert not set(first["frames"][view][4:]) & set(second["frames"][view][4:])


def test_pages_need_neither_torch_nor_qt(tmp_path: Path) -> None:
    make_run(2).save(tmp_path / "run.denoise")
    program = (
        "import sys; from visualizer import export; from visualizer.diffusion import Trajectory\n"
        "run = Trajectory.open(sys.argv[1] + '/run.denoise')\n"
        "export.write(run, sys.argv[1] + '/page.html')\n"
        "print([m for m in ('torch', 'diffusers', 'PySide6') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, tmp_path],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


# --- Options --------------------------------------------------------------------------------------


def test_the_page_has_the_views_and_steps_that_were_asked_for() -> None:
    run = make_run(30).with_decoder(StandInDecoder())
    views = ("denoised", "noise", "channels")
    _, found = made(run, replace(PAGE, views=views, steps="every", every=7))
    data = found.data
    assert data["views"] == list(views)
    (lane,) = data["lanes"]
    assert [words[0].split(" ")[1] for words in data["moments"]] == [
        "0",
        "7",
        "14",
        "21",
        "28",
        "30",
    ]
    assert lane["frames"]["noise"][-1] is None, "the finished picture has no noise to predict"
    assert None not in lane["frames"]["noise"][:-1]
    exact = found.file(lane["frames"]["channels"][2])
    assert exact[12:16] == b"VP8L", "numbers are shown as they are"


def test_playing_follows_the_film() -> None:
    options = replace(PAGE, direction="boomerang", fps=5, hold=2)
    _, found = made(make_run(3), options)
    assert found.data["shots"] == [[0, 200], [1, 200], [2, 200], [3, 2000], [2, 200], [1, 200]]


def test_the_theme_follows_the_system_or_the_background() -> None:
    for background, schemes, ground in (
        ("auto", "dark light", "#14161b"),
        ("dark", "dark", "#14161b"),
        ("light", "light", "#f6f6f3"),
        ("#203040", "dark", "#203040"),
        ("#ffe0c0", "light", "#ffe0c0"),
    ):
        _, found = made(make_run(1), replace(PAGE, background=background))
        assert {"name": "color-scheme", "content": schemes} in found.all("meta")
        style = found.texts["style"]
        assert f"--ground: {ground};" in style
        assert ("prefers-color-scheme" in style) == (background == "auto")


def test_size_and_pixels_change_how_pictures_are_shown_and_never_the_pictures() -> None:
    usual = len(made(make_run(3))[0])
    for options, said in (
        (replace(PAGE, size="4"), f"--width: {4 * SIZE}px"),
        (replace(PAGE, size="1080p"), "min(1080px"),
        (replace(PAGE, pixels="square"), ""),
    ):
        text, found = made(make_run(3), options)
        assert said in found.texts["style"]
        assert abs(len(text) - usual) < 200
    assert 'class="pictures alone square"' in text


def test_a_page_that_remembers_nothing_says_only_what_is_asked_for() -> None:
    run = make_run(3, prompt="a very private prompt", seed=31337)
    forgets = replace(PAGE, remember=False)
    text, found = made(run, forgets)
    assert "private" not in text
    assert "31337" not in text
    assert "#made" not in found.texts
    text, found = made(run, replace(forgets, captions=("prompt", "seed")))
    assert found.texts["h1"] == "a very private prompt"
    assert found.texts["bdi"] == "seed 31337"
    assert "#made" not in found.texts


def _private_grid() -> Comparison:
    """Lanes whose names, settings and failures tell what may be private."""
    runs = [
        make_run(3, seed=seed, prompt=prompt)
        for seed, prompt in ((31337, "a private car"), (90210, "a private house"))
    ]
    lanes = [
        replace(lane, label=f"{lane.request.prompt} · seed {lane.request.seed}")
        for lane in make_grid(*runs, None).lanes
    ]
    lanes[1] = replace(lanes[1], number=4)
    lanes[2] = replace(lanes[2], failure="'001-a-private-boat-seed-777001.denoise' cannot be read.")
    return Comparison(tuple(lanes), title="private things")


@pytest.mark.parametrize("subject", ["whole", "difference"])
def test_a_grid_that_remembers_nothing_calls_lanes_by_their_letters(subject: Any) -> None:
    options = replace(PAGE, remember=False, subject=subject, pair=(0, 1))
    text, found = made(_private_grid(), options)
    assert not [word for word in ("private", "31337", "90210", "777001", "-boat-") if word in text]
    labels = [lane["label"] for lane in found.data["lanes"] if lane is not None]
    assert labels[:2] == ["A", "E"]
    if subject == "whole":
        assert "This run has not been made." in text


def test_what_captions_name_stands_in_the_names_of_lanes() -> None:
    options = replace(PAGE, remember=False)
    text, found = made(_private_grid(), replace(options, captions=("seed",)))
    assert [lane and lane["label"] for lane in found.data["lanes"]] == [
        "A · seed 31337",
        "E · seed 90210",
        None,
    ]
    assert "private" not in text
    text, found = made(_private_grid(), replace(options, captions=("prompt",)))
    assert [lane and lane["label"] for lane in found.data["lanes"]] == [
        "A · a private car",
        "E · a private house",
        None,
    ]
    assert "31337" not in text
    _, found = made(_private_grid())
    assert found.data["lanes"][0]["label"] == "a private car · seed 31337"


def test_the_quality_and_lossless_pictures_are_honored() -> None:
    run = make_run(3, size=64)
    low, usual = (len(made(run, replace(PAGE, quality=q))[0]) for q in (20, 85))
    assert low < usual
    _, found = made(run, replace(PAGE, lossless=True))
    (lane,) = found.data["lanes"]
    for k, place in enumerate(lane["frames"]["noisy"]):
        assert np.array_equal(found.picture(place), run.picture(k))


def test_a_forward_process_opens_at_its_picture() -> None:
    run = make_run(4).with_decoder(StandInDecoder())
    _, found = made(run, replace(PAGE, subject="forward"))
    assert found.data["start"] == 0
    assert found.data["moments"][0][0] == "step 0 of 4 · 0 % noise"
    assert found.data["moments"][-1][0].endswith("100 % noise")


def test_the_steps_of_stages_are_counted_as_on_a_film() -> None:
    run = make_run(7)
    stages = ["prior"] * 3 + ["decoder"] * 5
    steps = tuple(replace(step, stage=name) for step, name in zip(run.steps, stages, strict=True))
    _, found = made(replace(run, steps=steps), PAGE)
    assert found.data["moments"][0][0] == "prior, step 0 of 2 · 100 % noise"
    assert found.data["moments"][3][0].startswith("decoder, step 0 of 4 · ")


def test_a_difference_has_a_heat_map_beside_its_runs() -> None:
    grid = make_grid(make_run(4, seed=1), make_run(4, seed=2))
    text, found = made(grid, replace(PAGE, subject="difference"))
    assert [lane["label"] for lane in found.data["lanes"]] == ["seed 1", "seed 2", "Difference"]
    assert "50\u00a0% and more" in text
    a, b, heat = (lane["frames"]["noisy"][1] for lane in found.data["lanes"])
    first, second = (lane.run.picture(1) for lane in grid.lanes if lane.run is not None)
    expected = heat_picture(difference_map(first, second))
    assert np.abs(found.picture(heat).astype(float) - expected).mean() < 10
    assert len({a, b, heat}) == 3


# --- Room -----------------------------------------------------------------------------------------


def test_static_stays_colored_and_a_clean_picture_is_webp() -> None:
    static = make_picture(1.0, size=128)
    for picture, kind in ((static, "JPEG"), (make_picture(0.0, size=128), "WEBP")):
        with Image.open(io.BytesIO(coded(Image.fromarray(picture), PAGE))) as image:
            assert image.format == kind
            shown = np.asarray(image.convert("RGB"), float)
    with Image.open(io.BytesIO(coded(Image.fromarray(static), PAGE))) as image:
        shown = np.asarray(image.convert("RGB"), float)
    for channel in (0, 2):
        color, before = (p[..., channel] - p[..., 1] for p in (shown, static.astype(float)))
        assert 0.85 < color.std() / before.std() < 1.15
        # as rough as it was: neighbors know nothing of each other
        assert abs(np.corrcoef(color[:, :-1].ravel(), color[:, 1:].ravel())[0, 1]) < 0.15


def test_the_size_is_told_beforehand() -> None:
    parent = make_run(12, seed=1, size=64)
    branch = replace(parent, steps=parent.steps[:6] + make_run(12, seed=2).steps[6:])
    for what in (
        parent,
        make_run(40, size=96),
        make_grid(*(make_run(9, seed=seed, size=64) for seed in range(5))),
        make_grid(make_run(9, size=32), None, make_run(5, size=96)),
        make_grid(parent, branch),
    ):
        film = film_of(what, PAGE)
        file = io.BytesIO()
        write_page(film, file, lambda done, total: None)
        assert page_size(film) == pytest.approx(file.tell(), rel=0.2)


def test_progress_counts_every_picture() -> None:
    heard: list[tuple[int, int]] = []
    film = film_of(make_grid(make_run(2), None, make_run(4)), PAGE)
    write_page(film, io.BytesIO(), lambda done, total: heard.append((done, total)))
    total = heard[0][1]
    assert heard == [(i + 1, total) for i in range(total)]


class Nowhere(io.RawIOBase):
    """A file that is forgotten as it is written."""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return len(data)


def peak(moments: int) -> int:
    """Bytes that writing a page of so many moments takes at most, beyond the run itself."""
    picture = make_picture(1.0, size=192)
    run = make_run(moments, pictures={(k, "noisy"): picture for k in range(moments)}, size=192)
    film = film_of(run, PAGE)
    film.reel.measured(0)
    tracemalloc.start()
    try:
        write_page(film, cast("BinaryIO", Nowhere()), lambda done, total: None)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_number_of_pictures() -> None:
    peak(2)  # what is imported once
    few, many = peak(40), peak(400)
    written_bytes = 360 * 192 * 192 * 0.5  # that many more pictures, at half a byte a pixel
    assert many - few < written_bytes / 8


def test_pictures_in_a_size_of_our_choice_become_smaller_until_they_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grid = make_grid(*(make_run(4, seed=seed, size=64) for seed in range(4)))
    monkeypatch.setattr(page_pictures, "MAX_PIXELS", 4 * 5 * 2 * 32 * 32)
    text, found = made(grid)
    assert found.data["lanes"][0]["size"] == [32, 32]
    assert {found.picture(place).shape for place in range(found.count)} == {(32, 32, 3)}
    assert "50 % as wide" in text
    _, found = made(grid, replace(PAGE, size="1"))
    assert found.data["lanes"][0]["size"] == [64, 64]
    monkeypatch.setattr(page_contents, "MOST_PIXELS", 4 * 5 * 2 * 64 * 64 - 1)
    with pytest.raises(ExportError, match="40 pictures in this size would be too large"):
        made(grid, replace(PAGE, size="1"))


def test_no_step_is_left_out() -> None:
    _, found = made(make_run(300, size=8))
    assert len(found.data["moments"]) == 301


def test_lanes_stand_where_they_stood() -> None:
    grid = make_grid(make_run(1), make_run(1, seed=2), make_run(1, seed=3))
    lanes = grid.lanes
    holed = Comparison((lanes[0], replace(lanes[1], row=1, column=1), replace(lanes[2], row=2)))
    _, found = made(holed)
    assert ":nth-child(2) { grid-area: 2 / 2; }" in found.texts["style"]
    assert "nth-child(2) { grid-area" not in made(grid)[1].texts["style"]


def test_a_stopped_run_and_a_single_picture_are_pages_too() -> None:
    _, found = made(make_run(9, stop_after=4))
    assert found.data["moments"][-1][0].startswith("step 3 of 9")
    text, found = made(make_run(9, stop_after=1))
    assert len(found.data["moments"]) == 1
    assert '<div class="group" hidden>' in text
    with pytest.raises(ExportError, match="stopped before its first step"):
        made(make_run(9, stop_after=0))
