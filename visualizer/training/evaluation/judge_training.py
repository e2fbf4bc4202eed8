"""Training the judge on drawings: ``python -m visualizer.training.evaluation.judge_training``.

It learns from every combination alike, also from those that the model's training never shows: it
has to see what a picture shows, not what is usual.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from visualizer.training.arguments import positive_number, whole_number
from visualizer.training.evaluation.judge import (
    ABSENT,
    HEADS,
    Judge,
    as_seen_by_judge,
    save_judge,
)
from visualizer.training.evaluation.judged_drawings import (
    SEED,
    UNSEEN_SEED,
    judged_drawing,
    judged_subject,
    small_drawings,
)
from visualizer.training.evaluation.verdict import Count, Seen, as_seen, counted
from visualizer.training.precision import autocast
from visualizer.training.stage import Stage
from visualizer.training.team import Member, train_together
from visualizer.training.world.subjects import COLORS, OBJECTS

DRAWINGS = 40_000
UNSEEN = 1_000
MINUTES = 15.0
PEAK_RATE = 2e-3
BATCH = {"cpu": 32, "cuda": 512}  # per process
_LOOKED_AT_ONCE = 100
_NOT_ASKED = -100  # cross entropy passes over it


@dataclass(frozen=True)
class Truths:
    """What is in drawings, as the numbers that the judge's scores are compared with.

    Attributes:
        things: (N, 12), of each object the number of its color, or ABSENT.
        others: by name of HEADS, (N,); −100 where a drawing does not show it.
    """

    things: torch.Tensor
    others: dict[str, torch.Tensor]

    @classmethod
    def of(cls, seen: Sequence[Seen]) -> Truths:
        things = torch.full((len(seen), len(OBJECTS)), ABSENT)
        for k, one in enumerate(seen):
            for thing in one.things:
                things[k, OBJECTS.index(thing.object)] = COLORS.index(thing.color)
        others = {
            name: torch.tensor([_number(values, getattr(one, name)) for one in seen])
            for name, values in HEADS.items()
        }
        return cls(things, others)

    def __getitem__(self, rows: torch.Tensor) -> Truths:
        return Truths(self.things[rows], {name: v[rows] for name, v in self.others.items()})

    def to(self, device: str) -> Truths:
        """The same on a device."""
        others = {name: values.to(device) for name, values in self.others.items()}
        return Truths(self.things.to(device), others)


def _number(values: Sequence[str], name: str | None) -> int:
    return _NOT_ASKED if name is None else values.index(name)


def judging_loss(scores: dict[str, torch.Tensor], truths: Truths) -> torch.Tensor:
    """Cross entropies, summed; an attribute that no drawing of the batch shows counts nothing."""
    things = scores["things"].float()
    loss = F.cross_entropy(things.flatten(0, 1), truths.things.flatten()) * len(OBJECTS)
    for name, truth in truths.others.items():
        shown = (truth != _NOT_ASKED).sum()
        total = F.cross_entropy(scores[name].float(), truth, ignore_index=-100, reduction="sum")
        loss = loss + total / shown.clamp(min=1)
    return loss


def augmented(x: torch.Tensor) -> torch.Tensor:
    """Brightness and contrast moved a little; half of the pictures softened, noise on the others.

    So that the judge does not stumble over what an autoencoder does to a picture.
    """
    count = len(x)
    device = x.device
    contrast = 1 + 0.1 * torch.randn(count, 1, 1, 1, device=device)
    x = x * contrast + 0.06 * torch.randn(count, 3, 1, 1, device=device)
    soft, rough = x[: count // 2], x[count // 2 :]
    share = torch.rand(len(soft), 1, 1, 1, device=device)
    soft = soft.lerp(F.avg_pool2d(soft, 3, 1, 1), share)
    strength = 0.05 * torch.rand(len(rough), 1, 1, 1, device=device)
    rough = rough + strength * torch.randn_like(rough)
    return torch.cat([soft, rough]).contiguous(memory_format=torch.channels_last)


def train_judge(
    workdir: Path,
    minutes: float = MINUTES,
    drawings: int = DRAWINGS,
    device: str = "cpu",
    say: Callable[[str], None] = print,
) -> Judge:
    """A judge trained from nothing, or on from the checkpoint in `workdir`."""
    say(f"judge: {drawings} drawings to learn from")
    file = small_drawings(workdir, SEED, drawings)
    checkpoint = workdir / "judge.pt"
    train_together(_train, device, file, checkpoint, minutes, drawings, device, say)
    judge = Judge()
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    judge.load_state_dict(state["parts"]["judge"])
    return judge.eval()


def _train(
    member: Member,
    file: Path,
    checkpoint: Path,
    minutes: float,
    drawings: int,
    device: str,
    say: Callable[[str], None],
) -> None:
    torch.manual_seed(SEED)
    judge = Judge().to(device)
    optimizer = torch.optim.AdamW(judge.parameters(), PEAK_RATE, weight_decay=0.02)
    stage = Stage("judge", checkpoint, minutes, {"judge": judge, "optimizer": optimizer}, say)
    member.join(stage)
    drawn = torch.from_numpy(np.load(file, mmap_mode="c")).to(device)
    truths = Truths.of([as_seen(judged_subject(SEED, k)[0]) for k in range(drawings)]).to(device)
    rng = np.random.default_rng([SEED, stage.step, member.rank])
    torch.manual_seed(int(rng.integers(2**40)))
    batch = BATCH[device]
    judge.train()
    done = stage.finished
    while not done:
        chosen = torch.randint(drawings, (batch,), device=device)
        x = augmented(as_seen_by_judge(drawn[chosen]))
        with autocast(device):
            scores = judge(x)
        loss = judging_loss(scores, truths[chosen])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        member.agree(judge, stage)
        done = stage.finished  # asked here, where all members hold the same number
        for group in optimizer.param_groups:
            group["lr"] = stage.learning_rate(PEAK_RATE)
        optimizer.step()
        stage.tick(batch * member.size, loss.detach())
    if not stage.quiet:
        stage.save()


def examined(
    judge: Judge,
    count: int = UNSEEN,
    seed: int = UNSEEN_SEED,
    sent: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] = np.asarray,
) -> dict[str, Count]:
    """How often the judge is right about drawings that it has not learned from, by attribute.

    What a drawing does not show is not counted: no relation of one thing, no size of two.

    Args:
        sent: what is done to drawings (N, 256, 256, 3) before they are shown to it.
    """
    wanted = [as_seen(judged_subject(seed, k)[0]) for k in range(count)]
    seen: list[Seen] = []
    for start in range(0, count, _LOOKED_AT_ONCE):
        some = range(start, min(start + _LOOKED_AT_ONCE, count))
        seen += judge.verdicts(sent(np.stack([judged_drawing(seed, k) for k in some])))
    counts = counted(wanted, seen, ("object", "color", "place", "time"))
    for name, of in (("relation", 2), ("size", 1), ("side", 1)):
        asked = [k for k in range(count) if len(wanted[k].things) == of]
        some_counts = counted([wanted[k] for k in asked], [seen[k] for k in asked], (name,))
        counts[name] = some_counts[name]
    return counts


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, train, examine, save."""
    parser = argparse.ArgumentParser(description="Train the judge of pictures.")
    add = parser.add_argument
    add("--output", type=Path, required=True, help="file for the judge (.safetensors)")
    add("--workdir", type=Path, default=Path(".judge"), help="folder for drawings and checkpoint")
    add(
        "--minutes",
        type=positive_number,
        default=MINUTES,
        help="time to train (default: %(default)g)",
    )
    add(
        "--drawings",
        type=whole_number,
        default=DRAWINGS,
        help="to learn from (default: %(default)d)",
    )
    add("--device", choices=("cpu", "cuda"), default="cpu")
    add(
        "--unseen",
        type=whole_number,
        default=UNSEEN,
        help="to examine it with (default: %(default)d)",
    )
    args = parser.parse_args(arguments)
    judge = train_judge(args.workdir, args.minutes, args.drawings, args.device)
    save_judge(judge, args.output)
    figures = {name: count.figures() for name, count in examined(judge, args.unseen).items()}
    print(json.dumps(figures, indent=1))
    print(f"The judge is in {args.output}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
