"""Downloading a model: the one place that goes online, and only as a process of its own.

The program itself is offline for good (huggingface_hub reads that switch when it is imported), so
whoever wants something from the hub starts ``python -m visualizer.diffusion.download`` and reads
its lines of JSON (``download_process.py``). The files go into the Hugging Face cache. One that was
begun is gone on with: huggingface_hub throws the beginnings of files away.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visualizer.diffusion.download_failures import sentence_for
from visualizer.diffusion.download_plan import DownloadPlan, RemoteFile, choose_files
from visualizer.diffusion.model_folder import INDEX_NAME, MAX_CONFIG_BYTES, ModelError, license_in

PARTIAL = ".visualizer.incomplete"
"""The end of the name of a file that is not all here yet; the cache cleans up after such names."""
REPORT_SECONDS = 0.2
CHUNK = 1 << 20
PIECE = 1 << 16


def main(arguments: Sequence[str]) -> int:
    """``describe REPOSITORY PART…``, or ``fetch`` with the plan on standard input."""
    action, *rest = arguments
    try:
        if action == "describe":
            _say(plan=describe(rest[0], rest[1:]).as_json())
        else:
            plan = DownloadPlan.from_json(json.loads(sys.stdin.readline()))
            _end_with_parent()
            folder = fetch(plan, lambda done: _say(done=done, total=plan.bytes))
            _say(finished=str(folder))
    except Exception as error:  # noqa: BLE001 - the one entry of this process
        repository = rest[0] if rest else "the model"
        _say(failed=sentence_for(error, repository, begun=action != "describe"))
        return 1
    return 0


def describe(repository: str, without: Sequence[str] = ()) -> DownloadPlan:
    """Ask the hub what a repository holds, and which of it a pipeline needs.

    Raises:
        ModelError: when it is no pipeline, or has only pickles.
    """
    from huggingface_hub import HfApi

    info = HfApi().model_info(repository, files_metadata=True)
    sizes = {file.rfilename: file for file in info.siblings or ()}
    if INDEX_NAME not in sizes:
        raise ModelError(
            f"'{repository}' holds no pipeline in the diffusers format (there is no {INDEX_NAME})."
        )
    if (sizes[INDEX_NAME].size or 0) > MAX_CONFIG_BYTES:
        raise ModelError(f"The {INDEX_NAME} of '{repository}' is larger than any such file.")
    index = _read_index(repository, str(info.sha))
    files = []
    for name in choose_files(sizes, index, without):
        file = sizes[name]
        sha256 = file.lfs.sha256 if file.lfs else ""
        etag = sha256 or file.blob_id or ""
        if not etag.isalnum() or ".." in name.split("/"):  # they become names of files
            raise ModelError(f"'{repository}' has a file '{name}' that cannot be downloaded.")
        files.append(RemoteFile(name, file.size or 0, etag, sha256))
    cache = _Cache(repository, str(info.sha))
    plan = DownloadPlan(
        repository=repository,
        commit=str(info.sha),
        pipeline_class=str(index.get("_class_name", "")),
        license=_license(info),
        bytes=sum(file.size for file in files),
        bytes_here=0,
        files=tuple(files),
        without=tuple(without),
        free_bytes=cache.free_bytes(),
    )
    here = sum(cache.bytes_of(file) for file in files)
    return DownloadPlan(**{**vars(plan), "bytes_here": here})


def fetch(plan: DownloadPlan, progress: Callable[[int], None]) -> Path:
    """Download what a plan names; what is here already is not downloaded again.

    Args:
        progress: told how many bytes of the plan are here.

    Returns:
        the model's folder.
    """
    from huggingface_hub import hf_hub_download

    cache = _Cache(plan.repository, plan.commit)
    done = 0
    progress(sum(cache.bytes_of(file) for file in plan.files))
    for file in plan.files:
        if not cache.has(file):
            _fetch_file(plan, file, cache, _Steady(progress, done).report)
        done += file.size
        # only links the file into the snapshot: its content is there by now
        hf_hub_download(plan.repository, file.name, revision=plan.commit)
        progress(done)
    cache.make_main()
    return cache.snapshot


def _fetch_file(
    plan: DownloadPlan, file: RemoteFile, cache: _Cache, report: Callable[[int], None]
) -> None:
    from huggingface_hub import constants, hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    # progress that moves, and little that is lost at a cancel, also on a slow connection
    constants.DOWNLOAD_CHUNK_SIZE = PIECE
    partial = cache.partial(file)
    partial.parent.mkdir(parents=True, exist_ok=True)
    here = partial.stat().st_size if partial.exists() else 0
    if here > file.size:
        partial.unlink()
        here = 0
    with partial.open("ab") as stream:
        http_get(
            hf_hub_url(plan.repository, file.name, revision=plan.commit),
            _Counting(stream, report),  # type: ignore[arg-type]
            resume_size=here,
            headers=build_hf_headers(),
            expected_size=file.size,
        )
    if not _is_what_was_announced(partial, file):
        partial.unlink()
        raise ModelError(
            f"'{file.name}' arrived damaged, and was thrown away. Start the download again."
        )
    partial.replace(cache.blob(file))


def _is_what_was_announced(path: Path, file: RemoteFile) -> bool:
    """By the checksum that the hub knows: SHA-256, or git's SHA-1 of small files."""
    if path.stat().st_size != file.size:
        return False
    digest: Any = hashlib.sha256()
    if not file.sha256:
        digest = hashlib.sha1(f"blob {file.size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return bool(digest.hexdigest() == file.etag)


@dataclass(frozen=True)
class _Cache:
    """Where the files of one version of a repository lie."""

    repository: str
    commit: str

    @property
    def folder(self) -> Path:
        from huggingface_hub import constants

        return Path(constants.HF_HUB_CACHE) / f"models--{self.repository.replace('/', '--')}"

    @property
    def snapshot(self) -> Path:
        return self.folder / "snapshots" / self.commit

    def blob(self, file: RemoteFile) -> Path:
        return self.folder / "blobs" / file.etag

    def partial(self, file: RemoteFile) -> Path:
        return self.folder / "blobs" / f"{file.etag}{PARTIAL}"

    def has(self, file: RemoteFile) -> bool:
        return self.blob(file).exists() or (self.snapshot / file.name).exists()

    def bytes_of(self, file: RemoteFile) -> int:
        if self.has(file):
            return file.size
        partial = self.partial(file)
        return min(partial.stat().st_size, file.size) if partial.exists() else 0

    def free_bytes(self) -> int:
        folder = self.folder
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        return shutil.disk_usage(folder).free

    def make_main(self) -> None:
        """Let the branch "main" be this version, as other programs expect it."""
        main = self.folder / "refs" / "main"
        main.parent.mkdir(parents=True, exist_ok=True)
        main.write_text(self.commit, encoding="utf-8")


class _Counting:
    """A file that tells how large it is after each piece."""

    def __init__(self, stream: Any, report: Callable[[int], None]) -> None:
        self._stream = stream
        self._report = report

    def write(self, data: bytes) -> int:
        written: int = self._stream.write(data)
        self._report(self._stream.tell())
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Steady:
    """Passes progress on a few times a second, counted from where earlier files ended."""

    def __init__(self, progress: Callable[[int], None], before: int) -> None:
        self._progress = progress
        self._before = before
        self._last = 0.0

    def report(self, size: int) -> None:
        now = time.monotonic()
        if now - self._last >= REPORT_SECONDS:
            self._last = now
            self._progress(self._before + size)


def _read_index(repository: str, commit: str) -> dict[str, Any]:
    from huggingface_hub import hf_hub_url
    from huggingface_hub.utils import (  # type: ignore[attr-defined]
        build_hf_headers,
        get_session,
        hf_raise_for_status,
    )

    url = hf_hub_url(repository, INDEX_NAME, revision=commit)
    response = get_session().get(url, headers=build_hf_headers())
    hf_raise_for_status(response)
    try:
        index = json.loads(response.content[:MAX_CONFIG_BYTES])
    except (ValueError, RecursionError) as error:
        raise ModelError(f"The {INDEX_NAME} of '{repository}' is damaged.") from error
    if not isinstance(index, dict) or not isinstance(index.get("_class_name"), str):
        raise ModelError(f"The {INDEX_NAME} of '{repository}' names no pipeline of diffusers.")
    return index


def _license(info: Any) -> str:
    card = info.card_data or {}
    named = {key: str(card.get(key) or "") for key in ("license", "license_name")}
    lines = "".join(f"{key}: {value}\n" for key, value in named.items() if value)
    return license_in(f"---\n{lines}---\n")


def _say(**message: Any) -> None:
    print(json.dumps(message), flush=True)


def _end_with_parent() -> None:
    """When whoever started this process is gone, its end of standard input closes."""

    def wait() -> None:
        with suppress(OSError):
            while os.read(0, 1):
                pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
