"""A hub on this computer: the few answers of huggingface.co that a download needs."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = 20_000
"""Files from here on are kept as the hub keeps large ones (LFS)."""


class FakeHub:
    """Serves folders as repositories.

    Attributes:
        repositories: folders by name ("owner/name").
        refused: the status and error code with which a repository's files are refused.
        hold: how many bytes of a weights file are sent before the rest waits for ``release``.
        sent: bytes of files sent, by name.
        ranges: the Range headers that were asked for.
    """

    def __init__(self) -> None:
        self.repositories: dict[str, Path] = {}
        self.refused: dict[str, tuple[int, str]] = {}
        self.card: dict[str, Any] = {"license": "openrail++"}
        self.hold: int | None = None
        self.release = threading.Event()
        self.held = threading.Event()
        self.sent: dict[str, int] = {}
        self.ranges: list[str] = []
        self.damage = ""
        self.url = ""

    @contextmanager
    def serving(self) -> Iterator[FakeHub]:
        """Serve until the end of the block."""
        hub = self

        class Handler(_Handler):
            pass

        Handler.hub = hub
        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            server.daemon_threads = True
            thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="fake hub")
            thread.start()
            self.url = f"http://127.0.0.1:{server.server_address[1]}"
            try:
                yield self
            finally:
                self.release.set()
                server.shutdown()
                thread.join()


def etag_of(data: bytes) -> str:
    """As the hub names content: SHA-256 of large files, git's SHA-1 of small ones."""
    if len(data) >= LARGE:
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        about = re.fullmatch(r"/api/models/([^/]+/[^/]+)(/revision/[^/]+)?", path)
        file = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        found = about or file
        folder = self.hub.repositories.get(found[1]) if found else None
        if folder is None or found is None:
            self._refuse(404, "RepoNotFound")
        elif about:
            self._describe(found[1], folder)
        elif found[1] in self.hub.refused:
            self._refuse(*self.hub.refused[found[1]])
        else:
            self._send(folder / found[3], body=body)

    def _describe(self, repository: str, folder: Path) -> None:
        siblings = []
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            data = path.read_bytes()
            file: dict[str, Any] = {
                "rfilename": path.relative_to(folder).as_posix(),
                "size": len(data),
                "blobId": etag_of(data),
            }
            if len(data) >= LARGE:
                file["lfs"] = {"sha256": etag_of(data), "size": len(data), "pointerSize": 134}
            siblings.append(file)
        answer = {
            "id": repository,
            "sha": COMMIT,
            "private": False,
            "gated": repository in self.hub.refused,
            "downloads": 0,
            "likes": 0,
            "tags": [],
            "cardData": self.hub.card,
            "siblings": siblings,
        }
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _send(self, path: Path, *, body: bool) -> None:
        if not path.is_file():
            self._refuse(404, "EntryNotFound")
            return
        data = path.read_bytes()
        start = 0
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if asked:
            self.hub.ranges.append(asked[0])
            start = int(asked[1])
        etag = etag_of(data)
        if path.name == self.hub.damage:
            data = bytes(len(data))
        self.send_response(206 if asked else 200)
        self.send_header("ETag", f'"{etag}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Accept-Ranges", "bytes")
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if body:
            self._send_bytes(path.name, data[start:])

    def _send_bytes(self, name: str, data: bytes) -> None:
        hub = self.hub
        first = data
        if hub.hold is not None and name.endswith(".safetensors") and not hub.release.is_set():
            first = data[: hub.hold]
        self.wfile.write(first)
        self.wfile.flush()
        hub.sent[name] = hub.sent.get(name, 0) + len(first)
        if len(first) < len(data):
            hub.held.set()
            hub.release.wait(30)
            try:
                self.wfile.write(data[len(first) :])
            except OSError:  # whoever asked has gone
                self.close_connection = True
                return
            hub.sent[name] += len(data) - len(first)

    def _refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("X-Error-Message", "no")
        self.send_header("Content-Length", "0")
        self.end_headers()
