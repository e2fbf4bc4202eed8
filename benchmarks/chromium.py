"""A real browser without a window, spoken to through two pipes: headless Chromium. For benchmarks
and tests.

Its DevTools protocol is JSON; with ``--remote-debugging-pipe`` each message ends with a zero byte,
and the browser reads from file descriptor 3 and writes to 4.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SECONDS = 60.0
"""How long anything may take: a busy machine is slow, and a test must not wait for ever."""
KEYS = {
    "ArrowLeft": 37,
    "ArrowRight": 39,
    "Home": 36,
    "End": 35,
    "Tab": 9,
    "Enter": 13,
    " ": 32,
}
"""Codes of Windows, which is what the protocol wants."""
FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--mute-audio",
    "--no-first-run",
    "--no-default-browser-check",
)


class BrowserError(Exception):
    """The browser said no, or nothing."""


def where() -> str:
    """Where the browser is.

    Raises:
        BrowserError: when there is none that could be spoken to.
    """
    if sys.platform == "win32":
        raise BrowserError("the browser is spoken to through pipes that Windows cannot hand on")
    for name in NAMES:
        found = shutil.which(name)
        if found is not None:
            return found
    raise BrowserError(f"there is no browser: none of {', '.join(NAMES)} is installed")


class Browser:
    """One browser, which opens one page after the other.

    Args:
        folder: where it keeps what it must.

    Raises:
        BrowserError: when there is none.
    """

    def __init__(self, folder: Path) -> None:
        program = where()
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        command = [program, *FLAGS, f"--user-data-dir={folder}"]
        self._process = _started(command, to_browser, from_browser)
        os.close(to_browser)
        os.close(from_browser)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._read, selectors.EVENT_READ)
        self._buffer = b""
        self._last = 0
        self._answers: dict[int, dict[str, Any]] = {}
        self.heard: list[dict[str, Any]] = []

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(BrowserError, OSError):
            self.ask("Browser.close")
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
        self._selector.close()
        os.close(self._read)
        os.close(self._write)

    def ask(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol and wait for its result."""
        self._last += 1
        asked: dict[str, Any] = {"id": self._last, "method": method, "params": params}
        if session is not None:
            asked["sessionId"] = session
        _write_all(self._write, json.dumps(asked).encode() + b"\0")
        number = self._last
        self.listen(lambda: number in self._answers, f"{method} was not answered")
        answer = self._answers.pop(number)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    def listen(self, enough: Callable[[], bool], otherwise: str) -> None:
        """Read what the browser says until it is enough."""
        end = time.monotonic() + SECONDS
        while not enough():
            left = end - time.monotonic()
            if left <= 0:
                raise BrowserError(f"{otherwise} within {SECONDS:g} seconds")
            if self._selector.select(min(left, 1.0)):
                self._take(os.read(self._read, 1 << 16))

    def _take(self, some: bytes) -> None:
        if not some:
            raise BrowserError("the browser has ended")
        *messages, self._buffer = (self._buffer + some).split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self._answers[message["id"]] = message
            else:
                self.heard.append(message)

    @contextlib.contextmanager
    def page(
        self,
        path: Path,
        size: tuple[int, int] = (1440, 900),
        *,
        light: bool = False,
        touch: bool = False,
        script: bool = True,
    ) -> Iterator[Page]:
        """Open a file as a person does who double-clicks it.

        Args:
            size: of the window, pixels.
            light: whether the system has a light theme.
            touch: whether it is a phone or a tablet.
            script: whether JavaScript is switched on.
        """
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        page = Page(self, attached["sessionId"])
        try:
            page.prepare(size, light=light, touch=touch, script=script)
            page.open(path.as_uri())
            yield page
        finally:
            self.ask("Target.closeTarget", targetId=target)


class Page:
    """One page in the browser."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session
        browser.heard.clear()

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        return self._browser.ask(method, self._session, **params)

    def prepare(self, size: tuple[int, int], *, light: bool, touch: bool, script: bool) -> None:
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")
        width, height = size
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=touch,
        )
        if touch:
            self.ask("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=1)
        theme = {"name": "prefers-color-scheme", "value": "light" if light else "dark"}
        self.ask("Emulation.setEmulatedMedia", features=[theme])
        self.ask("Emulation.setScriptExecutionDisabled", value=not script)

    def open(self, address: str) -> None:
        self.ask("Page.navigate", url=address)
        self._browser.listen(
            lambda: any(m["method"] == "Page.loadEventFired" for m in self.said), "nothing loaded"
        )

    @property
    def said(self) -> list[dict[str, Any]]:
        """What the browser has told of this page."""
        return [m for m in self._browser.heard if m.get("sessionId") == self._session]

    @property
    def complaints(self) -> list[str]:
        """Exceptions, and errors and warnings on the console."""
        self.run("0")  # what was said before has been heard after it
        found = []
        for message in self.said:
            method, params = message["method"], message["params"]
            if method == "Runtime.exceptionThrown":
                found.append(str(params["exceptionDetails"]))
            elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
                found.append(str(params["args"]))
            elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                found.append(str(params["entry"]))
        return found

    @property
    def requests(self) -> list[str]:
        """Every address that was asked for; those that hold what they lead to do not count."""
        self.run("0")
        asked = [
            str(m["params"]["request"]["url"])
            for m in self.said
            if m["method"] == "Network.requestWillBeSent"
        ]
        return [address for address in asked if not address.startswith("data:")]

    def run(self, expression: str) -> Any:
        """The value of an expression of JavaScript, also of one that promises it."""
        answer = self.ask(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise BrowserError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def wait(self, condition: str) -> None:
        """Until an expression is true: it is looked at after every frame."""
        frame = "new Promise((done) => setTimeout(done, 15))"
        end = time.monotonic() + SECONDS
        while not self.run(f"Boolean({condition})"):
            if time.monotonic() > end:
                raise BrowserError(f"never true: {condition}")
            self.run(frame)

    def box(self, selector: str) -> tuple[float, float, float, float]:
        """Left, top, width and height of an element in the window, once it is shown."""
        element = f"document.querySelector({json.dumps(selector)})"
        self.wait(f"{element} && {element}.getBoundingClientRect().width")
        found = self.run(
            f"(() => {{ const e = {element};"
            "e.scrollIntoView({block: 'nearest'}); const b = e.getBoundingClientRect();"
            "return [b.left, b.top, b.width, b.height]; })()"
        )
        left, top, width, height = found
        return left, top, width, height

    def mouse(self, kind: str, x: float, y: float) -> None:
        """ "mousePressed", "mouseMoved" or "mouseReleased" with the left button."""
        held = 0 if kind == "mouseReleased" else 1
        self.ask(
            "Input.dispatchMouseEvent",
            type=kind,
            x=x,
            y=y,
            button="left",
            buttons=held,
            clickCount=1,
        )

    def drag(self, selector: str, start: float, end: float, moves: int = 8) -> None:
        """Drag over an element, from one share of its width to another."""
        left, top, width, height = self.box(selector)
        y = top + height / 2
        self.mouse("mousePressed", left + start * width, y)
        for i in range(1, moves + 1):
            self.mouse("mouseMoved", left + (start + (end - start) * i / moves) * width, y)
        self.mouse("mouseReleased", left + end * width, y)

    def swipe(self, selector: str, start: float, end: float, moves: int = 8) -> None:
        """The same with a finger."""
        left, top, width, height = self.box(selector)
        y = top + height / 2
        for i in range(moves + 1):
            x = left + (start + (end - start) * i / moves) * width
            self.touch("touchMove" if i else "touchStart", {"x": x, "y": y})
        self.touch("touchEnd")

    def click(self, selector: str) -> None:
        left, top, width, height = self.box(selector)
        self.mouse("mousePressed", left + width / 2, top + height / 2)
        self.mouse("mouseReleased", left + width / 2, top + height / 2)

    def tap(self, selector: str) -> None:
        left, top, width, height = self.box(selector)
        self.touch("touchStart", {"x": left + width / 2, "y": top + height / 2})
        self.touch("touchEnd")

    def touch(self, kind: str, *points: dict[str, float]) -> None:
        """ "touchStart", "touchMove" or "touchEnd"."""
        self.ask("Input.dispatchTouchEvent", type=kind, touchPoints=list(points))

    def key(self, name: str, *, shift: bool = False) -> None:
        """Press and release a key."""
        code = KEYS.get(name, ord(name[0].upper()))
        told = {"key": name, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        told["code"] = f"Digit{name}" if name.isdigit() else "Space" if name == " " else name
        written = {"text": name} if len(name) == 1 else {}
        self.ask("Input.dispatchKeyEvent", type="keyDown", **told, **written)
        self.ask("Input.dispatchKeyEvent", type="keyUp", **told)

    def look(self, selector: str | None = None, *, whole: bool = False) -> NDArray[np.uint8]:
        """What is seen of an element, of the window, or of the whole page: (H, W, 3) uint8."""
        params: dict[str, Any] = {"format": "png", "captureBeyondViewport": whole}
        if selector is not None:
            left, top, width, height = self.box(selector)
            scrolled = self.run("[scrollX, scrollY]")
            params["clip"] = {
                "x": left + scrolled[0],
                "y": top + scrolled[1],
                "width": width,
                "height": height,
                "scale": 1,
            }
        packed = base64.b64decode(self.ask("Page.captureScreenshot", **params)["data"])
        with Image.open(io.BytesIO(packed)) as image:
            return np.asarray(image.convert("RGB"))


def _write_all(to: int, data: bytes) -> None:
    while data:
        data = data[os.write(to, data) :]


def _started(command: list[str], reads: int, writes: int) -> subprocess.Popen[bytes]:
    """The browser with its two pipes as file descriptors 3 and 4.

    Python puts them there, once it stands where the browser will: both are far above 4 until
    then, so that neither is overwritten.
    """
    import fcntl

    far = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 16) for end in (reads, writes)]
    program = (
        "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); "
        "os.execv(sys.argv[3], sys.argv[3:])"
    )
    try:
        return subprocess.Popen(
            [sys.executable, "-I", "-c", program, *map(str, far), *command],
            pass_fds=far,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    finally:
        for end in far:
            os.close(end)
