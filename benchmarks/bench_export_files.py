"""What other programs say of exported files: ffprobe, Pillow, Chromium, exiftool, numpy.

A run of ``FRAMES`` steps goes to every format there is. Each program that can read one is asked how
many frames it has, how long it takes, how large it is and which prompt is in it, and the answer is
held against what was asked for. A program that is not installed is passed over, and that is said.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from benchmarks.made_runs import noisy_run
from visualizer import export
from visualizer.export.film import Film, film_of
from visualizer.export.options import ExportOptions
from visualizer.export.video import standing

if TYPE_CHECKING:
    from benchmarks.chromium import Page
    from visualizer.diffusion.trajectory import Trajectory

FRAMES, SIDE = 9, 256
PROMPT = 'a sunset over "hills" & <script>, ünïcode 🚗'
OPTIONS = ExportOptions(fps=8, hold=1, size="1")
TOLERANCE = 0.03
"""Seconds: a GIF counts hundredths."""


@dataclass(frozen=True)
class Kind:
    """A file to write, and what is to be in it.

    Attributes:
        name: of the file.
        options: how it is written.
        readers: which programs are asked, by their names in ``READERS``.
    """

    name: str
    options: ExportOptions
    readers: tuple[str, ...]


MOVING = ("Pillow", "Chromium", "exiftool")
STILL = ("Pillow", "Chromium", "exiftool")
KINDS = (
    Kind("film.webp", OPTIONS, MOVING),
    Kind("film.gif", replace(OPTIONS, format="gif"), (*MOVING, "ffprobe")),
    Kind("film.apng", replace(OPTIONS, format="apng"), (*MOVING, "ffprobe")),
    Kind("film.mp4", replace(OPTIONS, format="mp4"), ("ffprobe", "Chromium", "exiftool")),
    Kind("film.webm", replace(OPTIONS, format="webm"), ("ffprobe", "Chromium", "exiftool")),
    Kind("av1.webm", replace(OPTIONS, format="webm", codec="av1"), ("ffprobe", "Chromium")),
    Kind("frames", replace(OPTIONS, format="frames"), ("Pillow, each", "ffprobe")),
    Kind("final.png", replace(OPTIONS, format="picture"), STILL),
    Kind("final.jpg", replace(OPTIONS, format="picture"), STILL),
    Kind("final.webp", replace(OPTIONS, format="picture"), STILL),
    Kind("sheet.png", replace(OPTIONS, format="sheet"), ("exiftool",)),
    Kind("sheet.pdf", replace(OPTIONS, format="sheet"), ("exiftool",)),
    Kind("page.html", replace(OPTIONS, format="page"), ("Chromium",)),
    Kind("raw.npz", replace(OPTIONS, format="raw"), ("numpy",)),
    Kind("raw.safetensors", replace(OPTIONS, format="raw"), ("safetensors",)),
)


@dataclass(frozen=True)
class Answer:
    """What a program says of a file; None for what it does not tell.

    Attributes:
        text: whatever it says of how the file was made.
    """

    frames: int | None = None
    seconds: float | None = None
    size: tuple[int, int] | None = None
    text: str | None = None
    complaint: str = ""


def main() -> None:
    """Print a line for every file and program; an error at the end if one was not as asked."""
    run = noisy_run(FRAMES, SIDE)
    run = replace(run, request=replace(run.request, prompt=PROMPT))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        browser, failed = _Browser(folder / "browser"), False
        try:
            for kind in KINDS:
                path = folder / kind.name
                export.write(run, path, options=kind.options)
                for reader in kind.readers:
                    told = _told(run, kind, path, reader, browser)
                    print(f"{kind.name}, {reader}: {told} (target as asked)", flush=True)
                    failed |= told.startswith("FAILED")
        finally:
            browser.close()
    if failed:
        raise SystemExit(1)


def _told(run: Trajectory, kind: Kind, path: Path, reader: str, browser: _Browser) -> str:
    program = {"ffprobe": "ffprobe", "exiftool": "exiftool"}.get(reader)
    if program is not None and shutil.which(program) is None:
        return f"skipped, {program} is not installed"
    if reader == "Chromium" and not browser.there:
        return "skipped, no Chromium is installed"
    answer = browser.read(path) if reader == "Chromium" else READERS[reader](path)
    wrong = list(_wrong(answer, expected(film_of(run, kind.options), kind)))
    many = "frame" if answer.frames == 1 else "frames"
    said = [f"{answer.frames} {many}"] if answer.frames is not None else []
    said += [f"{answer.seconds:.2f} s"] if answer.seconds is not None else []
    said += [f"{answer.size[0]} × {answer.size[1]}"] if answer.size is not None else []
    said += ["the prompt"] if answer.text is not None else []
    return f"FAILED, {'; '.join(wrong)}" if wrong else f"ok, {', '.join(said)}"


def expected(film: Film, kind: Kind) -> Answer:
    """What is to be in the file."""
    moves = kind.options.kind.moves
    if kind.options.format in ("mp4", "webm"):
        frames = sum(map(len, standing(film)))
    else:
        frames = len(film.shots) if moves or kind.options.format == "page" else 1
    if kind.options.format == "raw":
        frames = FRAMES
    size = None if kind.options.format in ("sheet", "raw", "page") else film.size
    # exiftool knows no symbol of PDFs beyond the first 65,536
    text = PROMPT.removesuffix("🚗") if kind.name.endswith(".pdf") else PROMPT
    return Answer(frames, film.seconds if moves else None, size, text)


def _wrong(answer: Answer, wanted: Answer) -> Iterator[str]:
    if answer.complaint:
        yield answer.complaint
    if answer.frames not in (None, wanted.frames):
        yield f"{answer.frames} frames and not {wanted.frames}"
    if None not in (answer.seconds, wanted.seconds) and not _close(answer, wanted):
        yield f"{answer.seconds:.3f} s and not {wanted.seconds:.3f} s"
    if None not in (answer.size, wanted.size) and answer.size != wanted.size:
        yield f"{answer.size} pixels and not {wanted.size}"
    if answer.text is not None and (wanted.text or "") not in answer.text:
        yield "another prompt, or none"


def _close(answer: Answer, wanted: Answer) -> bool:
    return abs((answer.seconds or 0) - (wanted.seconds or 0)) <= TOLERANCE


# --- Programs -------------------------------------------------------------------------------------


def _pillow(path: Path) -> Answer:
    with Image.open(path) as image:
        milliseconds = 0.0
        for i in range(getattr(image, "n_frames", 1)):
            image.seek(i)
            image.load()
            milliseconds += image.info.get("duration", 0)
        text = str(image.info.get("parameters", ""))
        comment = image.info.get("comment", b"")
        text += comment.decode("utf-8", "replace") if isinstance(comment, bytes) else comment
        noted = image.getexif().get_ifd(0x8769).get(0x9286, b"")
        if isinstance(noted, bytes) and noted.startswith(b"UNICODE\0"):
            text += noted[8:].decode("utf-16-be", "replace")
        frames = getattr(image, "n_frames", 1)
        moves = frames > 1
        return Answer(frames, milliseconds / 1000 if moves else None, image.size, text)


def _pillow_each(folder: Path) -> Answer:
    answers = [_pillow(path) for path in sorted(folder.glob("*.png"))]
    index = json.loads((folder / "frames.json").read_text(encoding="ascii"))
    seconds = sum(frame["milliseconds"] for frame in index["frames"])
    text = answers[0].text if all(each.text == answers[0].text for each in answers) else ""
    return Answer(len(answers), seconds / 1000, answers[0].size, text)


def _ffprobe(path: Path) -> Answer:
    source = [str(path)]
    if path.is_dir():
        source = ["-f", "concat", "-safe", "0", "-i", str(path / "frames.ffconcat")]
    shown = "stream=nb_read_frames,width,height:format=duration:format_tags"
    options = ["-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries", shown]
    done = subprocess.run(
        ["ffprobe", *options, "-of", "json", *source], capture_output=True, text=True, check=False
    )
    found = json.loads(done.stdout or "{}")
    stream = (found.get("streams") or [{}])[0]
    frames = int(stream.get("nb_read_frames", 0))
    if path.is_dir():
        frames -= 1  # the last picture stands twice in the list
    about = found.get("format", {})
    seconds = float(about["duration"]) if "duration" in about else None
    tags = about.get("tags", {})
    text = json.dumps(tags, ensure_ascii=False) if "title" in tags else None
    text = text and text.replace('\\"', '"')
    size = int(stream.get("width", 0)), int(stream.get("height", 0))
    return Answer(frames, seconds, size, text, done.stderr.strip().replace("\n", " "))


def _exiftool(path: Path) -> Answer:
    done = subprocess.run(
        ["exiftool", "-json", "-n", str(path)], capture_output=True, text=True, check=False
    )
    (found,) = json.loads(done.stdout)
    width, height = found.get("ImageWidth"), found.get("ImageHeight")
    names = ("Parameters", "UserComment", "Comment", "Subject")
    return Answer(
        frames=found.get("FrameCount", found.get("AnimationFrames")),
        seconds=_seconds(found.get("Duration")),
        size=(width, height) if width else None,
        text="\n".join(str(found[name]) for name in names if name in found),
        complaint=str(found.get("Warning", found.get("Error", ""))),
    )


def _seconds(value: Any) -> float | None:
    """5.5, or "00:00:05.500000000"."""
    if not isinstance(value, str):
        return None if value is None else float(value)
    hours, minutes, seconds = value.split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(seconds)


def _numpy(path: Path) -> Answer:
    with np.load(path) as arrays:  # pickles are refused
        texts = [str(arrays[name]) for name in arrays.files if arrays[name].dtype.kind == "U"]
        lengths = {name: len(arrays[name]) for name in arrays.files if arrays[name].ndim}
    return _numbers(lengths, "\n".join(texts))


def _safetensors(path: Path) -> Answer:
    from safetensors import safe_open

    with safe_open(path, "numpy") as file:
        lengths = {name: file.get_slice(name).get_shape()[0] for name in file.keys()}  # noqa: SIM118
        texts = file.metadata() or {}
    return _numbers(lengths, "\n".join(texts.values()))


def _numbers(lengths: dict[str, int], text: str) -> Answer:
    return Answer(frames=lengths.get("latents"), text=text)


READERS: dict[str, Callable[[Path], Answer]] = {
    "Pillow": _pillow,
    "Pillow, each": _pillow_each,
    "ffprobe": _ffprobe,
    "exiftool": _exiftool,
    "numpy": _numpy,
    "safetensors": _safetensors,
}

# --- The browser ----------------------------------------------------------------------------------

PICTURE = """(async () => {
  const data = Uint8Array.from(atob("%s"), (c) => c.charCodeAt(0));
  const decoder = new ImageDecoder({data, type: "%s"});
  await Promise.all([decoder.tracks.ready, decoder.completed]);
  const track = decoder.tracks.selectedTrack;
  let time = 0, size = [];
  for (let i = 0; i < track.frameCount; i++) {
    const {image} = await decoder.decode({frameIndex: i});
    time += image.duration || 0;
    size = [image.displayWidth, image.displayHeight];
    image.close();
  }
  return [track.frameCount, time / 1e6, size];
})()"""
VIDEO = """(async () => {
  const data = Uint8Array.from(atob("%s"), (c) => c.charCodeAt(0));
  const video = document.createElement("video");
  video.muted = true;
  video.src = URL.createObjectURL(new Blob([data], {type: "%s"}));
  await new Promise((done, failed) => {
    video.oncanplay = done;
    video.onerror = () => failed(video.error.message);
  });
  return [null, video.duration, [video.videoWidth, video.videoHeight]];
})()"""
TYPES = {
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".apng": "image/png",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
}


class _Browser:
    """A browser that is started when it is asked for the first time."""

    def __init__(self, folder: Path) -> None:
        from benchmarks.chromium import Browser, BrowserError, where

        self.there = True
        try:
            where()
        except BrowserError:
            self.there = False
        self._folder = folder
        self._open: Browser | None = None

    def read(self, path: Path) -> Answer:
        """What it says of a file."""
        from benchmarks.chromium import Browser, BrowserError

        if self._open is None:
            self._open = Browser(self._folder)
        if path.suffix == ".html":
            with self._open.page(path) as page:
                return _of_page(page)
        blank = self._folder.with_name("blank.html")
        blank.write_text("<!doctype html><title>blank</title>", encoding="ascii")
        with self._open.page(blank) as page:
            kind = TYPES[path.suffix]
            script = VIDEO if kind.startswith("video") else PICTURE
            data = base64.b64encode(path.read_bytes()).decode("ascii")
            try:
                frames, seconds, (width, height) = page.run(script % (data, kind))
            except BrowserError as error:
                return Answer(complaint=str(error)[:200].replace("\n", " "))
        return Answer(frames, seconds or None, (width, height))

    def close(self) -> None:
        """End it."""
        if self._open is not None:
            self._open.__exit__(None, None, None)


def _of_page(page: Page) -> Answer:
    """One step of the slider a frame; the prompt as it is read on the page."""
    steps = page.run("1 + Number(document.querySelector('input[type=range]').max)")
    text = page.run("document.body.innerText")
    complaints = [*page.complaints, *(f"it asks for {each}" for each in page.requests[1:])]
    return Answer(frames=int(steps), text=text, complaint="; ".join(complaints)[:200])


if __name__ == "__main__":
    main()
