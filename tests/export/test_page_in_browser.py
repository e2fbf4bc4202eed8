"""The page in a real browser: it is opened from disk, dragged, pressed and looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.chromium import Browser, BrowserError, Page, where
from tests.example_runs import StandInDecoder, make_picture, make_run
from tests.export.grids import make_grid
from visualizer.diffusion.arrays import Picture
from visualizer.diffusion.comparison import Comparison
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.trajectory import Trajectory
from visualizer.diffusion.views import View
from visualizer.export.film import film_of
from visualizer.export.options import Direction, ExportOptions
from visualizer.export.page import write_page

PAGE = ExportOptions(format="page")
AS_IT_IS = replace(PAGE, size="1", lossless=True)
"""One pixel of the picture is one of the screen."""
PHONE, TABLET, DESK = (390, 844), (820, 1180), (1440, 900)
EVIL = (
    '</script><script>alert(1)</script><!-- --> <img src="http://a.example/x"> \' & \u2028 \u202ex'
)
ARABIC = "سيارة فيراري حمراء"
MOST_PIXELS = 16e6  # of unpacked pictures that the script keeps
STILL = "document.getElementById('play').classList.contains('playing') === false"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    try:
        where()
    except BrowserError as missing:
        pytest.skip(str(missing))
    with Browser(tmp_path_factory.mktemp("browser")) as found:
        yield found


def saved(
    what: Trajectory | Comparison, folder: Path, options: ExportOptions = PAGE, name: str = "page"
) -> Path:
    path = folder / f"{name}.html"
    with path.open("wb") as file:
        write_page(film_of(what, options), file, lambda done, total: None)
    return path


def at(page: Page) -> int:
    """The moment the page shows."""
    return int(page.run("Number(document.getElementById('scrub').value)"))


def press(page: Page, key: str, *, shift: bool = False) -> int:
    page.key(key, shift=shift)
    return at(page)


def seen(page: Page, selector: str, expected: NDArray[np.uint8], tolerance: float = 2.0) -> None:
    """Wait until an element shows a picture; how far off it is otherwise."""
    for _ in range(200):
        shown = page.look(selector).astype(float)
        assert shown.shape == expected.shape
        # the corners are round
        away = np.abs(shown - expected)[8:-8, 8:-8].mean()
        if away <= tolerance:
            return
        page.run("new Promise((done) => setTimeout(done, 15))")
    raise AssertionError(f"the picture is {away:.1f} away from what it should be")


def quiet(page: Page, path: Path) -> None:
    """Nothing went wrong, and nothing was asked for but the file."""
    assert page.complaints == []
    assert page.requests == [path.as_uri()]


# --- Moving through time --------------------------------------------------------------------------


@pytest.mark.parametrize("control", ["#plot", "#scrub"])
def test_dragging_moves_the_picture(browser: Browser, tmp_path: Path, control: str) -> None:
    run = make_run(10, size=128)
    path = saved(run, tmp_path, AS_IT_IS)
    with browser.page(path, DESK) as page:
        seen(page, "canvas", run.picture(10))
        page.drag(control, 0.98, 0.5)
        assert at(page) == 5
        seen(page, "canvas", run.picture(5))
        page.drag(control, 0.5, 0.02)
        assert at(page) == 0
        seen(page, "canvas", run.picture(0))
        assert page.run("document.getElementById('where').textContent").startswith("step 0 of 10")
        quiet(page, path)


def test_dragging_across_the_picture_scrubs_and_a_click_plays(
    browser: Browser, tmp_path: Path
) -> None:
    run = make_run(10, size=128)
    path = saved(run, tmp_path, replace(AS_IT_IS, fps=50))
    with browser.page(path, DESK) as page:
        page.drag("canvas", 0.8, 0.3)
        assert at(page) == 5
        page.drag("canvas", 0.3, 0.5)
        assert at(page) == 7
        seen(page, "canvas", run.picture(7))
        page.click("canvas")
        page.wait(f"document.getElementById('scrub').value == 10 && {STILL}")
        seen(page, "canvas", run.picture(10))
        quiet(page, path)


@pytest.mark.parametrize("control", ["#plot", "#scrub", "canvas"])
def test_a_finger_moves_the_picture(browser: Browser, tmp_path: Path, control: str) -> None:
    path = saved(make_run(10, size=128), tmp_path)
    with browser.page(path, PHONE, touch=True) as page:
        before = page.look("canvas")
        page.swipe(control, 0.97, 0.1, moves=16)
        page.wait("document.getElementById('scrub').value < 3")
        drawn = "document.querySelector('canvas').getAttribute('aria-label')"
        assert page.run(drawn).split()[1] == str(at(page))
        after = before
        for _ in range(200):
            after = page.look("canvas")
            if np.abs(after.astype(float) - before).mean() > 20:
                break
        assert np.abs(after.astype(float) - before).mean() > 20
        quiet(page, path)


def test_every_key_does_what_is_said(browser: Browser, tmp_path: Path) -> None:
    run = make_run(25, size=64)
    path = saved(run, tmp_path, replace(AS_IT_IS, fps=50))
    with browser.page(path, DESK) as page:
        assert press(page, "Home") == 0
        assert press(page, "ArrowLeft") == 0
        assert press(page, "ArrowRight") == 1
        assert press(page, "ArrowRight", shift=True) == 11
        assert press(page, "ArrowLeft", shift=True) == 1
        assert press(page, "2") == 1
        seen(page, "canvas", run.picture(1, "denoised"))
        press(page, "1")
        seen(page, "canvas", run.picture(1))
        assert press(page, "End") == 25
        press(page, " ")
        page.wait(f"document.getElementById('scrub').value == 25 && {STILL}")
        press(page, "Home")
        # the same while the slider or a button that a mouse pressed has the keys
        page.click("#scrub")
        assert press(page, "Home") == 0
        page.click("button[value=denoised]")
        assert press(page, "ArrowRight") == 1
        seen(page, "canvas", run.picture(1, "denoised"))
        # and a button that was reached by keys is pressed by them
        page.run("document.getElementById('after').focus()")
        press(page, " ")
        page.wait("document.getElementById('scrub').value == 2")
        quiet(page, path)


def test_playing_ends_or_goes_on_and_has_its_speed(browser: Browser, tmp_path: Path) -> None:
    path = saved(make_run(6, size=32), tmp_path, replace(PAGE, fps=20, hold=0.1))
    with browser.page(path, DESK) as page:
        page.run(
            "window.passed = []; new MutationObserver(() => passed.push(Number("
            "document.getElementById('scrub').value))).observe(document.getElementById('where'), "
            "{childList: true, characterData: true, subtree: true})"
        )
        page.click("#play")
        assert page.run("document.getElementById('play').textContent").strip() == "Pause"
        page.wait(STILL)
        assert page.run("passed") == [0, 1, 2, 3, 4, 5, 6]
        page.click("#loop")
        page.click("#speed")
        assert page.run("document.getElementById('speed').textContent") == "2×"
        page.click("#play")
        page.wait("passed.length > 30")
        assert page.run("passed.slice(7, 15)") == [0, 1, 2, 3, 4, 5, 6, 0]
        page.click("#play")
        page.wait(STILL)
        quiet(page, path)


@pytest.mark.parametrize(
    ("direction", "passed"), [("back", [3, 2, 1, 0]), ("boomerang", [0, 1, 2, 3, 2, 1])]
)
def test_back_and_boomerang_play_as_the_film_does(
    browser: Browser, tmp_path: Path, direction: Direction, passed: list[int]
) -> None:
    path = saved(make_run(3), tmp_path, replace(PAGE, fps=50, hold=0, direction=direction))
    with browser.page(path, DESK) as page:
        page.key("Home")
        page.run(
            "window.passed = []; const value = Object.getOwnPropertyDescriptor("
            "HTMLInputElement.prototype, 'value'); Object.defineProperty("
            "document.getElementById('scrub'), 'value', {get() { return value.get.call(this); }, "
            "set(to) { passed.push(to); value.set.call(this, to); }})"
        )
        page.key(" ")
        page.wait(f"passed.length >= {len(passed)} && {STILL}")
        assert page.run("passed") == passed


# --- What it shows --------------------------------------------------------------------------------


@pytest.mark.parametrize("prompt", [EVIL, ARABIC, "a & b < c \" d ' e"])
def test_a_prompt_is_text(browser: Browser, tmp_path: Path, prompt: str) -> None:
    request = SamplingRequest(prompt, negative_prompt=prompt, seed=1)
    run = make_run(3, request=request)
    lanes = [replace(lane, label=prompt, failure=prompt) for lane in make_grid(run, None).lanes]
    grid = Comparison(tuple(lanes), title=prompt, summary=prompt)
    for name, what in (("run", run), ("grid", grid)):
        path = saved(what, tmp_path, name=name)
        with browser.page(path, PHONE, touch=True) as page:
            assert page.run("document.querySelector('h1').textContent") == prompt
            assert page.run("document.title.length") > 0
            assert page.run("document.querySelectorAll('script:not([type])').length") == 1
            assert page.run("document.querySelector('img[src^=http]')") is None
            assert page.run("document.documentElement.scrollWidth") == PHONE[0]
            press(page, "Home")
            assert at(page) == 0
            quiet(page, path)


def test_a_grid_moves_as_one(browser: Browser, tmp_path: Path) -> None:
    short, long = make_run(2, seed=1, size=64), make_run(4, seed=2, size=64)
    path = saved(make_grid(short, None, long), tmp_path, AS_IT_IS)
    with browser.page(path, DESK) as page:
        assert page.run("document.querySelectorAll('canvas').length") == 2
        assert "Memory ran out" in page.run("document.querySelectorAll('figure')[1].textContent")
        page.drag("#plot", 0.9, 0.0)
        for number, run in ((1, short), (3, long)):
            seen(page, f"figure:nth-child({number}) canvas", run.picture(0))
        page.key("2")
        for number, run in ((1, short), (3, long)):
            seen(page, f"figure:nth-child({number}) canvas", run.picture(0, "denoised"))
        quiet(page, path)


def test_a_long_reason_is_read_from_its_beginning(browser: Browser, tmp_path: Path) -> None:
    grid = make_grid(make_run(2, size=64), None)
    reason = "It began here. " + 60 * "The memory of the graphics card ran out. "
    lanes = [replace(lane, failure=reason if lane.run is None else "") for lane in grid.lanes]
    with browser.page(saved(replace(grid, lanes=tuple(lanes)), tmp_path), PHONE) as page:
        screen = "document.querySelector('.empty')"
        assert page.run(f"{screen}.scrollHeight > 1.5 * {screen}.clientHeight")
        words = f"{screen}.querySelector('p').getBoundingClientRect().top"
        assert page.run(f"{words} >= {screen}.getBoundingClientRect().top")
        page.run(f"{screen}.scrollTop = 1e6")
        assert page.run(f"{screen}.scrollTop") > 0


def test_a_view_that_is_empty_somewhere_says_so(browser: Browser, tmp_path: Path) -> None:
    run = make_run(4, size=32).with_decoder(StandInDecoder())
    path = saved(run, tmp_path, replace(PAGE, views=("noisy", "noise", "channels")))
    with browser.page(path, DESK) as page:
        words = "[...document.querySelectorAll('.screen p')].filter((p) => !p.hidden).length"
        assert page.run(words) == 0
        page.key("2")
        page.wait(f"{words} === 1")
        page.key("ArrowLeft")
        page.wait(f"{words} === 0")
        page.key("3")
        page.wait("document.querySelector('canvas').classList.contains('exact')")
        quiet(page, path)


@pytest.mark.parametrize("kept", [1, 4])
def test_a_stopped_run_can_be_looked_at(browser: Browser, tmp_path: Path, kept: int) -> None:
    run = make_run(9, stop_after=kept, size=64)
    path = saved(run, tmp_path, AS_IT_IS)
    with browser.page(path, PHONE, touch=True) as page:
        seen(page, "canvas", run.picture(kept - 1))
        page.key("Home")
        page.key(" ")
        page.wait(STILL)
        page.key("2")
        seen(page, "canvas", run.picture(at(page), "denoised"))
        assert bool(page.run("document.getElementById('time').offsetHeight")) == (kept > 1)
        quiet(page, path)


def test_large_pictures_are_unpacked_when_looked_at_and_let_go(
    browser: Browser, tmp_path: Path
) -> None:
    side, count = 900, 30
    pictures: dict[tuple[int, View], Picture] = {
        (k, "noisy"): make_picture(0.1, k, side) for k in range(count)
    }
    run = make_run(count, size=side, pictures=pictures)
    path = saved(run, tmp_path, replace(PAGE, quality=20))
    counting = """(() => {
        window.held = window.most = window.all = 0;
        const make = window.createImageBitmap, close = ImageBitmap.prototype.close;
        window.createImageBitmap = async (...given) => {
            const made = await make(...given);
            most = Math.max(most, held += made.width * made.height);
            all += 1;
            return made;
        };
        ImageBitmap.prototype.close = function () {
            held -= this.width * this.height;
            close.call(this);
        };
    })()"""
    with browser.page(path, DESK) as page:
        page.look("canvas")
        page.run(counting)
        page.key("Home")
        for k in range(count):
            page.wait(f"all > {k}")
            page.key("ArrowRight")
        page.wait(f"all >= {count}")
        assert 10 * side**2 < page.run("most") <= MOST_PIXELS + 2 * side**2
        quiet(page, path)


# --- Looks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [PHONE, TABLET, DESK])
@pytest.mark.parametrize("light", [False, True])
def test_it_follows_the_system_and_fits_the_window(
    browser: Browser, tmp_path: Path, size: tuple[int, int], light: bool
) -> None:
    path = saved(make_run(5, size=128), tmp_path)
    with browser.page(path, size, light=light, touch=size[0] < 900) as page:
        ground = page.look()[2, 2]
        assert tuple(ground) == ((246, 246, 243) if light else (20, 22, 27))
        assert page.run("document.documentElement.scrollWidth") == size[0]
        edge = page.run("document.getElementById('time').getBoundingClientRect().bottom")
        assert edge <= size[1], "time cannot be reached without scrolling"
        picture = page.box("canvas")
        assert picture[2] >= min(size[0] - 48, 400)
        assert picture[2] == pytest.approx(picture[3], abs=1)
        plot, scrub = page.box("#plot"), page.box("#scrub")
        assert (plot[0], plot[2]) == (scrub[0] + 10, scrub[2] - 20), "one axis"


@pytest.mark.parametrize("size", [(844, 390), (960, 600)])
def test_on_a_low_screen_the_controls_stand_beside_the_picture(
    browser: Browser, tmp_path: Path, size: tuple[int, int]
) -> None:
    path = saved(make_run(5, size=128), tmp_path)
    with browser.page(path, size) as page:
        left, top, width, height = page.box("canvas")
        assert page.box("#controls")[0] > left + width
        assert max(width, height) > 0.55 * size[1]
        assert top + height <= size[1]
        assert page.run("document.getElementById('time').getBoundingClientRect().bottom") <= size[1]
        assert page.run("document.documentElement.scrollWidth") == size[0]
        quiet(page, path)


def test_without_javascript_both_ends_are_shown(browser: Browser, tmp_path: Path) -> None:
    path = saved(make_grid(make_run(4), make_run(4, seed=2)), tmp_path)
    with browser.page(path, DESK, script=False) as page:
        tree = page.ask("DOMSnapshot.captureSnapshot", computedStyles=[])
        names = [tree["strings"][i] for i in tree["documents"][0]["nodes"]["nodeName"]]
        assert names.count("IMG") == 4
        assert "CANVAS" not in names
        assert any("need JavaScript" in text for text in tree["strings"])
        assert page.requests == [path.as_uri()]


def test_it_can_be_printed(browser: Browser, tmp_path: Path) -> None:
    path = saved(make_run(4, size=64), tmp_path)
    with browser.page(path, DESK) as page:
        page.ask("Emulation.setEmulatedMedia", media="print")
        page.run("window.dispatchEvent(new Event('beforeprint'))")
        shown: Any = page.run(
            "['canvas', '#plot', 'table', '.bar', '#scrub'].map("
            "(each) => document.querySelector(each).getBoundingClientRect().height > 0)"
        )
        assert shown == [True, True, True, False, False]
        assert len(page.ask("Page.printToPDF")["data"]) > 1000
        quiet(page, path)


def test_the_driver_hears_what_goes_wrong(browser: Browser, tmp_path: Path) -> None:
    """Otherwise the silence of the other tests would say nothing."""
    path = tmp_path / "broken.html"
    path.write_text("<img src='missing.png'><script>console.error('a'); throw Error('b')</script>")
    with browser.page(path) as page:
        told = " ".join(page.complaints)
        assert "Error: b" in told
        assert "'a'" in told
        assert (tmp_path / "missing.png").as_uri() in page.requests
        with pytest.raises(BrowserError):
            page.run("nobody.knows.this")
