"""docs/samplers.md, made from the table: python packaging/sampler_page.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from visualizer.diffusion import sampler_table
from visualizer.diffusion.sampler_table import Sampler

PAGE = Path(__file__).resolve().parent.parent / "docs" / "samplers.md"

_READS = {
    "epsilon": "ε",
    "v_prediction": "v",
    "sample": "x₀",
    "flow_prediction": "flow",
    "edm_epsilon": "F",
    "edm_v_prediction": "F",
}

_BEGINNING = """\
# Samplers

Made from `visualizer/diffusion/sampler_table.py`; write it anew with
`python packaging/sampler_page.py`.

A sampler is a scheduler class of diffusers with settings. What a model was trained with (its noise
schedule, what it predicts, how its noise is shifted, whether its guess is clipped) stays as it is
when the sampler is exchanged; the settings of the tables are all that changes. Without a sampler in
the request a model runs the one it comes with, as its makers set it.

A sampler is offered only where it works. It is not offered

- when it cannot read what the model predicts (column "reads"; F is the scaled output of Karras et
  al. 2022);
- when it cannot be set as the model was trained: models whose last level is all noise
  (`rescale_betas_zero_snr`), a learned variance, a shift that depends on the size of the picture;
- when the pipeline does not call it as it needs: pipelines that hand their own σ to the sampler
  (Qwen-Image, Z-Image and others) need one that takes them; pipelines that never scale the latent
  cannot run those that hold x₀ + σ·ε;
- when no seed could repeat it: it draws noise at every step, and the pipeline does not hand it the
  generator (SD3, Flux and most flow models);
- when a package is missing: `pip install "denoising-visualizer[samplers]"`.

"+ Karras" and the like are further samplers with the noise levels spaced otherwise (keys
`euler_karras`, `euler_exponential`, `euler_beta`; beta needs scipy): the σ of Karras et al. 2022,
even steps of ln σ, and a beta distribution (Lee et al. 2024).
"""

_ENDING = """\
## What the plot shows

Every sampler's noise levels are read from the very scheduler that will run, before it runs. Trial
points of higher-order solvers (Heun, DPM2, DPM++ SDE, PNDM, the second call of PLMS) are kept
beside the step they belong to and are no levels. DPM++ 2S takes its levels in pairs, the first of
each a plain step: all of them are levels. Some runs end at a trace of noise (σ = 0.03 for Stable
Diffusion): DEIS and SA-Solver always, TCD always, DDIM and PLMS when their number of steps does not
divide the length of the schedule.
"""


def page() -> str:
    """The whole of docs/samplers.md."""
    parts = [
        _BEGINNING,
        "## For models of noise, v or x₀\n\n" + _rows(sampler_table.DIFFUSION),
        "## For flow matching\n\n" + _rows(sampler_table.FLOW),
        "## For models with scaled outputs (EDM: Playground 2.5, CosXL)\n\n"
        + _rows(sampler_table.EDM),
        "## Only for the models they come with\n\n" + _reasons(sampler_table.OWN_ONLY),
        "## Left out\n\n" + _reasons({**sampler_table.LEFT_OUT_SETTINGS, **sampler_table.LEFT_OUT}),
        _ENDING,
    ]
    return "\n".join(parts)


def _rows(rows: Iterable[Sampler]) -> str:
    head = ("sampler", "key", "scheduler of diffusers", "reads", "noise at every step", "needs")
    return _table(head, [_row(sampler) for sampler in rows])


def _row(sampler: Sampler) -> tuple[str, ...]:
    spacings = "".join(f", + {spacing.capitalize()}" for spacing in sampler.spacings)
    reads = ", ".join(dict.fromkeys(_READS[kind] for kind in sampler.reads))
    seeded = "torchsde" in sampler.needs
    noise = "yes, by a seed of its own" if seeded else "yes" if sampler.random else "no"
    return (
        sampler.label + spacings,
        f"`{sampler.key}`",
        f"`{sampler.scheduler}`",
        reads,
        noise,
        ", ".join(sampler.needs),
    )


def _reasons(reasons: Mapping[str, str]) -> str:
    return _table(("scheduler of diffusers", "why"), [(f"`{k}`", v) for k, v in reasons.items()])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
