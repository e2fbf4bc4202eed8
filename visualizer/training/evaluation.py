"""Does the model draw what the words say? A judge that has learned from drawings looks at it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import nn

from visualizer.training.precision import autocast
from visualizer.training.stage import Stage
from visualizer.training.subjects import (
    COLORS,
    OBJECTS,
    PLACES,
    TIMES,
    Subject,
    choose_any_subject,
    choose_held_out_subject,
)

if TYPE_CHECKING:
    from diffusers import StableDiffusionPipeline

ATTRIBUTES = {"object": OBJECTS, "color": COLORS, "place": PLACES, "time": TIMES}
DRAWINGS = 14_000
JUDGE_SEED = 31


class Judge(nn.Module):
    """Pictures (B, 3, 128, 128) in −1…1 to one row of scores for each attribute."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 48, 96, 128, 128)
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(widths):
            layers += [
                nn.Conv2d(before, after, 3, stride=2, padding=1),
                nn.GroupNorm(8, after),
                nn.SiLU(),
            ]
        self.body = nn.Sequential(*layers, nn.Flatten())
        self.heads = nn.ModuleDict(
            {name: nn.Linear(128 * 4 * 4, len(values)) for name, values in ATTRIBUTES.items()}
        )

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        features = self.body(F.avg_pool2d(x, 2))  # half the size shows enough
        return {name: head(features) for name, head in self.heads.items()}

    @torch.no_grad()
    def verdicts(self, pictures: NDArray[np.uint8]) -> list[Subject]:
        """What it sees in pictures (N, 128, 128, 3)."""
        self.eval()
        seen: list[Subject] = []
        for start in range(0, len(pictures), 64):
            scores = self(_to_tensor(pictures[start : start + 64]))
            best = [scores[name].argmax(1).tolist() for name in ATTRIBUTES]
            seen += [
                Subject(OBJECTS[o], COLORS[c], PLACES[p], TIMES[t])
                for o, c, p, t in zip(*best, strict=True)
            ]
        return seen


def judged_drawings(count: int, seed: int) -> tuple[NDArray[np.uint8], list[Subject]]:
    """Drawings of every combination alike, held out or not, for the judge to learn from."""
    from visualizer.training.scenes import draw_subject

    drawings = np.empty((count, 128, 128, 3), np.uint8)
    subjects: list[Subject] = []
    for index in range(count):
        rng = random.Random(f"judge {seed} {index}")
        subjects.append(choose_any_subject(rng))
        drawings[index] = draw_subject(subjects[-1], rng)
    return drawings, subjects


def train_judge(
    checkpoint: Path, minutes: float = 5.0, say: Callable[[str], None] = print
) -> tuple[Judge, float]:
    """A judge and its share of fully right verdicts on drawings it has not seen."""
    torch.manual_seed(JUDGE_SEED)
    judge = Judge()
    optimizer = torch.optim.AdamW(judge.parameters(), 2e-3, weight_decay=0.02)
    stage = Stage("judge", checkpoint, minutes, {"judge": judge, "optimizer": optimizer}, say)
    stage.resume()
    if not stage.finished:
        say("judge: drawing its lessons")
        drawings, subjects = judged_drawings(DRAWINGS, JUDGE_SEED)
        truths = _indices(subjects)
        rng = np.random.default_rng([JUDGE_SEED, stage.step])
        judge.train()
        stage.start()
        while not stage.finished:
            chosen = rng.integers(0, len(drawings), 64)
            x = _spoil(_to_tensor(drawings[chosen]))
            for group in optimizer.param_groups:
                group["lr"] = stage.learning_rate(2e-3)
            with autocast("cpu"):
                scores = judge(x)
            losses = [
                F.cross_entropy(scores[name].float(), truths[name][chosen]) for name in ATTRIBUTES
            ]
            loss = torch.stack(losses).sum()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            stage.tick(len(x), loss.detach())
    unseen, subjects = judged_drawings(500, JUDGE_SEED + 1)
    return judge, accuracies(subjects, judge.verdicts(unseen))["all"]


def _spoil(x: torch.Tensor) -> torch.Tensor:
    """Soften half of the pictures as an autoencoder would, and add a little noise to all."""
    half = len(x) // 2
    soft = F.interpolate(F.avg_pool2d(x[:half], 2), scale_factor=2.0, mode="bilinear")
    return torch.cat([soft, x[half:]]) + 0.03 * torch.randn_like(x)


def _indices(subjects: Sequence[Subject]) -> dict[str, torch.Tensor]:
    return {
        name: torch.tensor([values.index(getattr(s, name)) for s in subjects])
        for name, values in ATTRIBUTES.items()
    }


def _to_tensor(pictures: NDArray[np.uint8]) -> torch.Tensor:
    ordered = np.ascontiguousarray(np.moveaxis(pictures, 3, 1))
    return torch.from_numpy(ordered).float() / 127.5 - 1


def accuracies(wanted: Sequence[Subject], seen: Sequence[Subject]) -> dict[str, float]:
    """The share of right verdicts for each attribute, and for all four at once ("all")."""
    pairs = list(zip(wanted, seen, strict=True))
    shares = {
        name: sum(getattr(w, name) == getattr(s, name) for w, s in pairs) / len(pairs)
        for name in ATTRIBUTES
    }
    return shares | {"all": sum(w == s for w, s in pairs) / len(pairs)}


def held_out_subjects(count: int, seed: int) -> list[Subject]:
    """What evaluation asks for: (object, color, place) triples that training never showed."""
    rng = random.Random(f"evaluation {seed}")
    return [choose_held_out_subject(rng) for _ in range(count)]


def generate(
    pipeline: StableDiffusionPipeline,
    prompts: Sequence[str],
    seed: int,
    steps: int = 30,
    guidance_scale: float = 5.0,
    say: Callable[[str], None] = print,
) -> NDArray[np.uint8]:
    """One picture a prompt, (N, 128, 128, 3); picture k has the seed `seed + k`."""
    pipeline.set_progress_bar_config(disable=True)
    pictures: list[Any] = []
    for start in range(0, len(prompts), 8):
        batch = list(prompts[start : start + 8])
        generators = [torch.Generator().manual_seed(seed + start + k) for k in range(len(batch))]
        made = pipeline(
            batch,
            num_inference_steps=steps,
            guidance_scale=guidance_scale,
            generator=generators,
        )
        pictures += [np.asarray(image.convert("RGB")) for image in made.images]
        say(f"evaluate: {len(pictures)} of {len(prompts)} pictures")
    return np.stack(pictures)


def contact_sheet(
    pictures: NDArray[np.uint8],
    wanted: Sequence[Subject],
    seen: Sequence[Subject],
    columns: int = 8,
) -> Image.Image:
    """Pictures in rows, each under its prompt in short; a wrong verdict is named in red."""
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * 132, rows * 146), "white")
    pen = ImageDraw.Draw(sheet)
    for k, (picture, want, saw) in enumerate(zip(pictures, wanted, seen, strict=True)):
        x, y = 132 * (k % columns), 146 * (k // columns)
        sheet.paste(Image.fromarray(picture), (x + 2, y + 16))
        label = f"{want.color} {want.object} {want.place} {want.time}"
        if want != saw:
            wrong = [
                getattr(saw, name)
                for name in ATTRIBUTES
                if getattr(saw, name) != getattr(want, name)
            ]
            label = f"{label}: {' '.join(wrong)}?"
        pen.text((x + 3, y + 2), label, fill="black" if want == saw else "red")
    return sheet
