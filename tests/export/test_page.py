"""The page for browsers: one file, nothing from anywhere, text that stays text."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.example_runs import make_picture, make_run
from tests.export.grids import make_grid
from visualizer import export
from visualizer.diffusion.comparison import Comparison
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.trajectory import Trajectory
from visualizer.export import page
from visualizer.export.reel import reel_of

EVIL = """</script><script>alert(1)</script><!-- <img src="http://a.example/x"> ' & \u2028 🚗"""
VOID = {"meta", "link", "img", "input", "br", "line", "path", "polygon", "polyline"}


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


def written(what: Trajectory | Comparison, folder: Path) -> tuple[str, Page]:
    export.write(what, folder / "page.html")
    text = (folder / "page.html").read_text(encoding="utf-8")
    return text, Page(text)


def unpacked(packed: str) -> Any:
    with Image.open(io.BytesIO(base64.b64decode(packed))) as image:
        assert image.format == "WEBP"
        return np.asarray(image.convert("RGB"))


def reduced(picture: Any) -> Any:
    return np.asarray(Image.fromarray(picture).reduce(8), float)


def test_a_page_shows_every_step_in_two_views(tmp_path: Path) -> None:
    run = make_run(6, size=64)
    _, found = written(run, tmp_path)
    data = found.data
    assert data["views"] == ["noisy", "denoised"]
    assert (data["moments"][0], data["moments"][-1]) == (
        "step 0 · 100 % noise",
        "step 6 · 0 % noise",
    )
    (lane,) = data["lanes"]
    assert lane["size"] == [64, 64]
    for view in ("noisy", "denoised"):
        for k, place in enumerate(lane["frames"][view]):
            shown = unpacked(data["pictures"][place])
            assert np.abs(reduced(shown) - reduced(run.picture(k, view))).mean() < 8, (view, k)
    assert found.texts["h1"] == "a red Ferrari on a mountain road at sunset"
    assert found.texts["title"] == found.texts["h1"]
    assert "seed 7 · 6 steps · guidance 3" in found.texts["p"]
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
        assert [script.get("type") for script in scripts] == ["application/json"] * 2 + [None]
        assert text.count("<script") == text.count("</script") == 3
        assert "<!--" not in text
        assert "alert(1)" not in found.texts["script"]
    assert [lane["label"] for lane in found.data["lanes"]] == [EVIL] * 3


@settings(max_examples=30, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_prompt_comes_out_as_it_went_in(prompt: str) -> None:
    file = io.BytesIO()
    page.write_page(reel_of(make_run(1, prompt="a", size=8)), file, lambda done, total: None)
    usual = len(Page(file.getvalue().decode()).tags)
    file = io.BytesIO()
    request = SamplingRequest(prompt.replace("\0", ""))
    run = make_run(1, request=request, size=8)
    page.write_page(reel_of(run), file, lambda done, total: None)
    found = Page(file.getvalue().decode())
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
    views = [tag for tag in found.all("input") if tag.get("name") == "view"]
    assert [view["value"] for view in views] == ["noisy", "denoised"]
    script, style = found.texts["script"], found.texts["style"]
    assert "pointerdown" in script
    assert "ArrowRight" in script
    assert "prefers-color-scheme: light" in style
    assert {"name": "color-scheme", "content": "dark light"} in found.all("meta")
    curve = next(tag for tag in found.all("polyline"))["points"] or ""
    shares = [float(point.split(",")[1]) for point in curve.split()]
    levels = [step.noise_level.noise_share for step in make_run(4).steps]
    assert shares == pytest.approx([100 - 100 * share for share in levels], abs=0.01)


def test_a_run_without_guesses_has_one_view(tmp_path: Path) -> None:
    run = make_run(4, pictures={(k, "noisy"): make_picture(0.5) for k in range(4)})
    _, found = written(run, tmp_path)
    assert found.data["views"] == ["noisy"]
    assert not [tag for tag in found.all("input") if tag.get("name") == "view"]


# --- Grids ----------------------------------------------------------------------------------------


def test_a_page_of_a_grid_has_a_figure_for_each_lane(tmp_path: Path) -> None:
    short, long = make_run(2, seed=1), make_run(4, seed=2)
    text, found = written(make_grid(short, None, long), tmp_path)
    assert len(found.all("figure")) == 3
    assert len(found.all("img")) == 2
    assert "Memory ran out. Try a smaller size." in text
    assert "--columns: 2" in found.texts["style"]
    first, failed, third = found.data["lanes"]
    assert failed == {"label": "seed 1", "size": None}
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


def test_large_grids_are_scaled_down_and_long_runs_thinned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(300, size=8)
    _, found = written(run, tmp_path)
    assert len(found.data["moments"]) == page.MAX_MOMENTS
    assert found.data["moments"][-1] == "step 300 · 0 % noise"
    monkeypatch.setattr(page, "MAX_PIXELS", 5 * 2 * 4 * 32 * 32)
    _, found = written(make_grid(*[make_run(4, size=64)] * 4), tmp_path)
    assert found.data["lanes"][0]["size"] == [32, 32]
    assert all(unpacked(packed).shape == (32, 32, 3) for packed in found.data["pictures"])


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
