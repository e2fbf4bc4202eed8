"""What the Physics page says: short sentences that follow the playhead."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from visualizer.physics.flow import Way
    from visualizer.physics.progress import Progress

SHAPES = {
    "swiss roll": ("Swiss roll", "A spiral, as in the first paper on diffusion models"),
    "rings": ("Rings", "Three rings around one another"),
    "letters": ("Letters", "A word of your own"),
    "by hand": ("By hand", "Draw a shape with the mouse"),
}
WAYS = {
    "forward": ("Forward", "From the shape into noise: nothing has to be learned for that"),
    "sde": (
        "Back, with dice",
        "From noise to the shape by the stochastic equation (SDE): a little by chance",
    ),
    "ode": (
        "Back, without",
        "From noise to the shape by the deterministic equation (ODE): on rails, without dice",
    ),
}
SHORT_WAYS = {"sde": "Dice", "ode": "No dice"}
"""Where there is no room for the others."""
ARROWS_TIP = (
    "The score field as the network knows it: which way the dots are more crowded. "
    "Longer arrows are stronger, though not in proportion"
)
PATHS_TIP = "The whole paths of a few dots"
SOURCE = (
    "Destroy structure slowly by a diffusion, and learn the way back: Sohl-Dickstein et al. 2015. "
    "In small enough steps, the way back has the same form as the way there (Feller 1949)."
)
DRAW = "Draw a shape here with the mouse."
UNTAUGHT = "Nothing learned yet"
COLORS = "A dot keeps the color of the place where it began."
_CLEAN, _FEW, _MOST, _ALL = 0.004, 0.25, 0.85, 0.985


def noise_words(share: float) -> str:
    """How much noise there is."""
    if share < _CLEAN:
        return "No noise"
    return f"{min(round(100 * share), 100)} % noise"


def explained(way: Way, share: float, learning: bool) -> str:
    """What happens here.

    Args:
        share: of the variance that is noise, 0 … 1.
        learning: whether the network is not ready yet.
    """
    if way == "forward":
        return _forward(share)
    if learning:
        return _learning(share)
    return _sde(share) if way == "sde" else _ode(share)


def untaught(waits: str) -> str:
    """What is seen on a way back before anything was learned.

    Args:
        waits: what the lesson waits for, a whole sentence; "" where it waits for nothing.
    """
    still = "The network knows nothing yet, so no dot moves: it takes noise for the shape."
    return f"{still} {waits or 'In a moment the shape comes out at the right end.'}"


def waiting_words(*, loads: bool, runs: bool, paints: bool, measures: bool) -> str:
    """What a lesson waits for, one thing at a time; "" where nothing is in its way.

    Args:
        loads: the model is being loaded; ``runs``: a picture of the person is made; ``paints``:
            the pictures of another page; ``measures``: how much of one survives.
    """
    if loads:  # one thread does all the work with networks
        return "It begins as soon as the program has loaded its other network."
    if runs:
        return "It waits until the picture that is being made is there."
    if paints:
        return "It waits for a picture of another page."
    return "It waits while the Destroy page measures." if measures else ""


def _learning(share: float) -> str:
    if share > _MOST:
        return (
            "The network is learning right now. At this end everything is noise, and stays so. "
            "Go to the right end, and see the shape come out of the cloud."
        )
    return (
        "The network is learning right now, and this is what it can do by now. "
        "Stay here, and see the shape come out of the cloud."
    )


def _forward(share: float) -> str:
    if share < _CLEAN:
        return (
            "Every dot is in its place. Drag time to the right: each dot is pushed in a direction "
            "of its own, drawn by lot."
        )
    if share < _FEW:
        return "The fine lines go first. From afar the shape is still the same."
    if share < _MOST:
        return (
            "The dots mix. Dragging back un-mixes them only because each push was written down. "
            "Without that list, somebody has to learn the way back."
        )
    if share < _ALL:
        return "Only a hint of the shape is left, in the whole cloud and in no single dot."
    return (
        "This round cloud is a Gaussian, and it is the same for every shape. "
        "Nothing in it remembers where it came from."
    )


def _sde(share: float) -> str:
    if share > _ALL:
        return (
            "Fresh noise, never seen before. At every step, the network says where each dot most "
            "likely came from."
        )
    if share > _FEW:
        return (
            "Each step goes a little along the arrows, then shakes every dot a little. "
            "So the colors mix: chance decides where a dot ends."
        )
    if share > _CLEAN:
        return "The large form stands. The last steps draw the fine lines, and the shaking fades."
    return (
        "The shape is back, from dots that never were in it. "
        "The network has stored no dot, only which way to go."
    )


def _ode(share: float) -> str:
    if share > _ALL:
        return (
            "Fresh noise, never seen before. From here on nothing is left to chance: "
            "where a dot starts decides where it ends."
        )
    if share > _FEW:
        return (
            "The same arrows, and no dice: every dot runs on rails. "
            "Neighbors stay neighbors, so the colors stay together."
        )
    if share > _CLEAN:
        return "Now the rails part quickly: each dot turns to the line that is nearest."
    return (
        "The same shape as with chance, on other paths: at every moment both clouds are spread "
        "alike. Dragged back, each dot returns to its own place in the noise."
    )


def learned_words(progress: Progress | None, learning: bool, waits: str) -> str:
    """How the training stands; ``waits``: what it waits for, a sentence or ""."""
    if progress is None:
        return waits or ("Begins in a moment …" if learning else "")
    steps = f"{progress.steps:,} step" + ("" if progress.steps == 1 else "s")
    how = f"{progress.seconds:.1f} s, {steps}"
    if not learning:
        return f"Learned in {how}"
    return f"Learning: {how}. {waits}" if waits else f"Learning: {how}"
