"""Drawings to the latents of a finished autoencoder, in a file."""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray

from visualizer.training.architecture import PICTURE_SIZE
from visualizer.training.autoencoder import to_tensor
from visualizer.training.cores import done_in_order
from visualizer.training.dataset import scenes
from visualizer.training.precision import autocast

if TYPE_CHECKING:
    from diffusers import AutoencoderTiny

DRAWN_AT_ONCE = 32
ENCODED_AT_ONCE = {"cpu": 16, "cuda": 128}
_REPORTED = 2048
"""After so many encoded drawings a word is said."""


@torch.no_grad()
def encode(vae: AutoencoderTiny, pictures: NDArray[np.uint8], device: str = "cpu") -> torch.Tensor:
    """Unscaled latents (N, C, h, w) of pictures (N, H, W, 3), in half precision."""
    chunks: list[torch.Tensor] = []
    at_once = ENCODED_AT_ONCE[torch.device(device).type]
    for start in range(0, len(pictures), at_once):
        x = to_tensor(np.array(pictures[start : start + at_once]), device)
        with autocast(x.device.type):
            chunks.append(vae.encoder(x).half().cpu().contiguous())
    return torch.cat(chunks)


def encode_drawings(
    vae: AutoencoderTiny,
    seed: int,
    count: int,
    path: Path,
    device: str = "cpu",
    say: Callable[[str], None] = print,
    drawn: NDArray[np.uint8] | None = None,
) -> None:
    """Keep the unscaled latents of scenes 0…count−1 of a seed, (count, C, h, w) float16.

    They are drawn by all cores, and no picture is kept: so many would need twenty gigabytes. What
    an interruption leaves beside `path` is gone on from, if the encoder is still the same.

    Args:
        drawn: the pictures, where they are drawn already.
    """
    part = path.with_name(f"{path.stem}-{seed}-{fingerprint(vae)}{path.suffix}.part")
    side = PICTURE_SIZE // 2 ** (len(vae.config.encoder_block_out_channels) - 1)
    shape = (count, vae.config.latent_channels, side, side)
    with opened_rows(part, shape) as (file, done):
        starts = range(done, count, DRAWN_AT_ONCE)
        parts = [(start, min(start + DRAWN_AT_ONCE, count)) for start in starts]
        if drawn is None:
            encoded = _latents_in_order(vae, seed, parts, device)
        else:
            vae = vae.to(device=device, memory_format=torch.channels_last)
            encoded = (encode(vae, drawn[slice(*part)], device).numpy() for part in parts)
        for latents in encoded:
            file.write(latents.tobytes())
            before, done = done, done + len(latents)
            if before // _REPORTED != done // _REPORTED:
                say(f"encoding: {done} of {count} scenes")
    part.replace(path)


def _latents_in_order(
    vae: AutoencoderTiny, seed: int, parts: list[tuple[int, int]], device: str
) -> Iterator[NDArray[np.float16]]:
    """All cores draw; they encode, too, unless a GPU does it."""
    if device == "cpu":
        with tempfile.TemporaryDirectory() as folder:
            lent = Path(folder, "autoencoder.pt")
            torch.save(vae.cpu(), lent)
            work = partial(_drawn_and_encoded, seed)
            yield from done_in_order(work, parts, _take_encoder, lent)
    else:
        vae = vae.to(device=device, memory_format=torch.channels_last)
        for drawn in done_in_order(partial(scenes, seed), parts):
            yield encode(vae, drawn, device).numpy()


_own: list[AutoencoderTiny] = []
"""What a process encodes with."""


def _take_encoder(lent: Path) -> None:
    if multiprocessing.parent_process() is not None:  # one of many: a thread each is quickest
        torch.set_num_threads(1)
    vae: AutoencoderTiny = torch.load(lent, weights_only=False)  # written just now, by our parent
    _own[:] = [vae.to(memory_format=torch.channels_last)]


def _drawn_and_encoded(seed: int, start: int, stop: int) -> NDArray[np.float16]:
    latents: NDArray[np.float16] = encode(_own[0], scenes(seed, start, stop)).numpy()
    return latents


def fingerprint(vae: AutoencoderTiny) -> str:
    """Tells encoders apart, for the names of files with their latents: 8 hexadecimal digits.

    An encoder that has been written in half precision counts as the same.
    """
    found = hashlib.sha256()
    for weight in vae.encoder.state_dict().values():
        found.update(weight.half().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()[:8]


@contextmanager
def opened_rows(path: Path, shape: tuple[int, ...]) -> Iterator[tuple[BinaryIO, int]]:
    """A file of one float16 array that is written row after row, and how many are there already.

    What is of another shape is begun anew, half a row is cut off; after the last one it is a
    whole .npy file.
    """
    written = io.BytesIO()
    header = {"descr": "<f2", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(written, header)
    head = written.getvalue()
    row = 2 * int(np.prod(shape[1:]))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    with path.open("r+b") as file:
        done = 0
        if file.read(len(head)) == head:
            done = (path.stat().st_size - len(head)) // row
        else:
            file.seek(0)
            file.write(head)
        file.seek(len(head) + done * row)
        file.truncate()
        yield file, done
