"""LatentLayout: how the numbers that a sampler holds lie on the picture. numpy only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

from numpy.typing import NDArray

Arrangement = Literal["grid", "pixels", "patches", "tokens", "frames", "features", "embedding"]
ARRANGEMENTS: tuple[str, ...] = get_args(Arrangement)


@dataclass(frozen=True)
class LatentLayout:
    """Where each number of one latent belongs.

    Attributes:
        arrangement:
            ``grid`` (C, h, w), the usual one;
            ``pixels`` (3, H, W), the picture itself, no autoencoder;
            ``patches`` (tokens, C·p·p), squares of p × p positions packed into tokens row by row,
            channel first (Flux, Qwen-Image);
            ``tokens`` (h·w, C), one token a position, row by row;
            ``frames`` (C, T, h, w), a video, of which the first frame is shown;
            ``features`` (C, h, w), what a prior makes: no decoder turns it into a picture;
            ``embedding`` (N,), a prior's vector.
        height, width: positions of the unpacked grid; read for patches and tokens only.
        picture_size: (width, height) to which the pipeline resizes and crops what it decodes, or
            None when that is the picture already.
    """

    arrangement: Arrangement = "grid"
    height: int = 0
    width: int = 0
    picture_size: tuple[int, int] | None = None

    @property
    def shown(self) -> bool:
        """Whether there is a decoder that makes a picture of it."""
        return self.arrangement not in ("features", "embedding")

    def spatial(self, x: NDArray[Any]) -> NDArray[Any]:
        """The latent as channels over positions: (C, h, w).

        Raises:
            ValueError: when x does not have this layout.
        """
        if self.arrangement == "patches":
            tokens, channels = x.shape
            patch = math.isqrt(self.height * self.width // tokens)
            grid = (self.height // patch, self.width // patch)
            # rows, columns, C, p, p ► C, rows, p, columns, p
            split = x.reshape(*grid, channels // patch**2, patch, patch).transpose(2, 0, 3, 1, 4)
            return split.reshape(-1, self.height, self.width)
        if self.arrangement == "tokens":
            return x.reshape(self.height, self.width, -1).transpose(2, 0, 1)
        if self.arrangement == "frames":
            return x[:, 0]
        if self.arrangement == "embedding":
            rows = max(n for n in range(1, math.isqrt(x.size) + 1) if x.size % n == 0)
            return x.reshape(1, rows, -1)
        if x.ndim != 3:
            raise ValueError(f"a latent of the shape {x.shape} is no grid")
        return x

    def packed(self, spatial: NDArray[Any], like: NDArray[Any]) -> NDArray[Any]:
        """The inverse of ``spatial``: channels over positions as one latent of this layout.

        Args:
            spatial: (C, h, w).
            like: the latent that it was taken from; frames that are not shown stay as they are.
        """
        if self.arrangement == "patches":
            tokens, channels = like.shape
            patch = math.isqrt(self.height * self.width // tokens)
            rows, columns = self.height // patch, self.width // patch
            # C, rows, p, columns, p ► rows, columns, C, p, p
            split = spatial.reshape(-1, rows, patch, columns, patch).transpose(1, 3, 0, 2, 4)
            return split.reshape(tokens, channels)
        if self.arrangement == "tokens":
            return spatial.transpose(1, 2, 0).reshape(like.shape)
        if self.arrangement == "frames":
            kept = like.copy()
            kept[:, 0] = spatial
            return kept
        return spatial.reshape(like.shape)

    def to_json(self) -> list[Any]:
        """JSON values only."""
        return [self.arrangement, self.height, self.width, self.picture_size]

    @classmethod
    def from_json(cls, values: Any) -> LatentLayout:
        """The inverse of ``to_json``.

        Raises:
            ValueError: for what is no layout.
        """
        arrangement, height, width, size = values
        if arrangement not in ARRANGEMENTS:
            raise ValueError(f"no arrangement {arrangement!r}")
        return cls(arrangement, int(height), int(width), None if size is None else _pair(size))


def _pair(size: Any) -> tuple[int, int]:
    width, height = size
    return int(width), int(height)


GRID = LatentLayout()
