"""What the Words page says: how a prompt is read, who listens, what a word changed."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from visualizer.ui.explanation import percent
from visualizer.ui.words.word_chips import ShownWord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from visualizer.diffusion.attention import AttentionMaps, PromptToken
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.diffusion.word_reading import WordReading
    from visualizer.session.timeline import Timeline
    from visualizer.session.words import SwapResult

PARTS = {
    "reading": ("Reading", "How the text encoder reads the prompt"),
    "attention": ("Attention", "Which pixels listen to which word"),
    "swap": ("Swap", "Change one word and see what follows"),
    "guidance": ("Guidance", "How hard the picture is pulled towards the words"),
}
NO_MAPS = (
    "What the pixels listened to was not recorded. Make it again with its attention: the same "
    "picture, bit for bit."
)
NO_MAPS_OF_FILE = (
    "What the pixels listened to was not recorded. Make it again with its attention. It was not "
    "made here and now: on another device, or with other versions, details may come out "
    "differently."
)
LOADING = "The model is being loaded …"
WHEN = {
    "step": ("This step", "The attention of the step under the playhead"),
    "all": ("All steps", "The mean of the attention at all steps"),
}
NO_RUN = "Describe a picture above and press Enter: its attention is recorded as it is made."
OTHER_WORDS = (
    "These words are not the ones that the picture was made from. Press Enter to make theirs."
)
NO_WORDS = "There are no words: all attention goes to the marks of begin and end."
NOT_YET = "The first step is on its way …"
NOT_RECORDED_YET = "This picture is being made without its attention."
MAKE_AGAIN = "Make it again"
MAKE_AGAIN_TIP = "The picture once more, with its attention recorded"
_ABOUT_MARKS = {
    "start": "Where the prompt begins: the encoder always reads this mark first",
    "end": "Where the prompt ends",
    "punctuation": "A sign: it is read, but it is no word",
}
_MARKS = {"start": "start", "end": "end"}
_NEAR = 1.25
"""So much more than an even share is worth a word."""
BEGINNINGS = {
    "edited noise": "from its edited static",
    "step": "from that step of another run",
    "picture": "from a picture under noise",
}
"""How a run began that did not begin from the static of its seed alone."""
_KEPT = "Seed and settings stay the same: only the word differs."
_OF_FIELDS = (
    "Seed and settings are those of the fields above, which are not this picture’s. Between the "
    "two only the word differs."
)


def other_model(run: Timeline) -> str:
    """Why the run that is looked at cannot be made again here."""
    name = run.trajectory.model.name if run.trajectory is not None else ""
    by = f" ({name})" if name else ""
    return (
        f"What the pixels listened to was not recorded, and another model made this picture{by}. "
        "Open that model to make it again."
    )


def shown_words(words: Sequence[str], tokens: Sequence[PromptToken]) -> tuple[ShownWord, ...]:
    """The chips of a prompt, in order: its words and, between them, marks and signs."""
    pieces: dict[int, list[str]] = {}
    for token in tokens:
        if token.word is not None:
            pieces.setdefault(token.word, []).append(token.text)
    found: list[ShownWord] = []
    seen: set[int] = set()
    for token in tokens:
        if token.kind == "padding":  # it fills up what is empty: nothing to be read
            continue
        if token.word is None:
            text = token.text.strip() or _MARKS.get(token.kind, token.kind)
            found.append(ShownWord(None, text, _ABOUT_MARKS.get(token.kind, "")))
        elif token.word not in seen:
            seen.add(token.word)
            parts = pieces[token.word]
            about = f"{len(parts)} tokens: {' · '.join(parts)}" if len(parts) > 1 else ""
            found.append(ShownWord(token.word, words[token.word], about))
    unread = [n for n in range(len(words)) if n not in seen]
    too_long = "Not read: the prompt is too long"
    found += [ShownWord(n, words[n], too_long, read=False) for n in unread]
    return tuple(found)


# --- reading ----------------------------------------------------------------------------------


def path_of(reading: WordReading) -> str:
    """The way of a prompt in one line, in numbers."""
    words, tokens = len(reading.words), len(reading.tokens)
    read = len({token.word for token in reading.tokens} - {None})
    numbers = int(reading.vectors.shape[1])
    parts = (
        _count(words, "word") if read == words else f"{read} of {_count(words, 'word')}",
        _count(tokens, "token"),
        f"{numbers} numbers each",
        "every step",
    )
    return " \u2192 ".join(part.replace(" ", "\u00a0") for part in parts)


def how_it_reads(reading: WordReading) -> str:
    """Which way the encoder reads, and what that means for a word."""
    if reading.causal:
        return "It reads from left to right: a word sees only the words before it."
    return "It reads all words at once: each sees every other, before it and after it."


def look_of(reading: WordReading, word: int | None) -> str:
    """Whom a word looks at, in numbers; None: what to do."""
    if not reading.words:
        return "There are no words: only the marks of begin and end are read."
    if word is None or word >= len(reading.words):
        return "Point at a word to see which words it looks at."
    shares, name = reading.looks_at(word), reading.words[word]
    own = float(shares[word])
    others = sorted(
        ((float(share), n) for n, share in enumerate(shares) if n != word), reverse=True
    )
    if not any(share > 0 for share in (own, *(s for s, _ in others))):
        return f"“{name}” was not read: the prompt is longer than the encoder reads."
    if not others or others[0][0] <= 0:
        before = "before it there is none" if reading.causal else "there is no other"
        return f"“{name}” sees no word but itself: {before}."
    (share, best), at_itself = others[0], f"At itself it looks with {percent(own)}."
    seen, which = (word, " before it") if reading.causal else (len(reading.words) - 1, "")
    other = reading.words[best]
    if seen == 1:
        return (
            f"“{name}” sees one other word, “{other}”, and gives it {percent(share)} of what it "
            f"gives to words. {at_itself}"
        )
    even = sum(s for s, _ in others) / seen
    against = f"an even share of the {seen} words{which} would be {percent(even)}"
    if share > _NEAR * even:
        return (
            f"Does “{name}” look at “{other}”? Yes, with {percent(share)} of what it gives to "
            f"words; {against}. {at_itself}"
        )
    return (
        f"“{name}” looks at no other word in particular: “{other}” gets most, {percent(share)}, "
        f"and {against}. {at_itself}"
    )


def near_words(word: str, found: Sequence[tuple[str, float]]) -> str:
    """What is nearest, measured."""
    if not found:
        return ""
    other, likeness = found[0]
    return f"To the encoder “{word}” is nearest to “{other}”: {likeness:.2f} of 1."


# --- attention --------------------------------------------------------------------------------


def heard(maps: AttentionMaps, word: int | None, step: int | None) -> str:
    """How much the picture listens to a word; None: to which word it listens most."""
    when = "Over all steps" if step is None else f"At step {step}"
    if not maps.words:
        return NO_WORDS
    if word is None:
        shares = shares_now(maps, step)
        best = max(range(len(shares)), key=shares.__getitem__)
        return f"{when} the picture listens most to “{maps.words[best]}”: {percent(shares[best])}."
    shares_of = maps.of_word(word, step)
    mean, most = float(shares_of.mean()), float(shares_of.max())
    even = 1 / len(maps.words)
    against = (
        "more than" if mean > _NEAR * even else "less than" if mean * _NEAR < even else "about"
    )
    return (
        f"{when} “{maps.words[word]}” gets {percent(mean)} of the attention to words, {against} "
        f"an even share of {percent(even)}; where it is heard most, {percent(most)}."
    )


def heard_here(words: Sequence[str], shares: Sequence[float]) -> str:
    """The words that one place listens to most."""
    best = sorted(range(len(words)), key=lambda n: -shares[n])[:3]
    return "Here: " + ", ".join(f"{words[n]} {percent(shares[n])}" for n in best)


def shares_now(maps: AttentionMaps, step: int | None) -> list[float]:
    """The mean share of every word, at a step or over all of them."""
    found = []
    for word in range(len(maps.words)):
        strength = maps.strength(word)
        value = strength.mean() if step is None else strength[step - maps.first]
        found.append(float(value))
    return found


# --- swapping ---------------------------------------------------------------------------------


def swapped(
    prompt: str, words: Sequence[str], word: int, other: str, *, weighted: bool = False
) -> str:
    """The prompt with another word, or without it where ``other`` is empty.

    Args:
        words: of the prompt, in order.
        weighted: whether weights stand in it: that of a word that goes goes, too.
    """
    at = 0
    for n, text in enumerate(words):
        start = prompt.find(text, at)
        if start < 0:
            break
        if n == word:
            before, after = prompt[:start], prompt[start + len(text) :]
            if other.strip():
                return before + other.strip() + after
            left = before + (_SIGNS.sub("", after) if weighted else after)
            while weighted and _EMPTY_GROUP.search(left):
                left = _EMPTY_GROUP.sub("", left)
            return " ".join(left.split())
        at = start + len(text)
    return prompt


_SIGNS = re.compile(r"^(?:\++|--+)(?![\w+(-])")
_EMPTY_GROUP = re.compile(r"\(\s*(?::\s*[\d.]+\s*)?\)(?:\++|-+|\d+\.?\d*|\.\d+)?")


def kept(base: SamplingRequest | None, run: SamplingRequest | None) -> str:
    """What the two pictures of a swap have in common.

    Args:
        base: what the first of them is made from.
        run: what the picture that is looked at was made from.
    """
    begun = None if base is None else BEGINNINGS.get(base.start.kind)
    if begun is not None:
        return f"Both begin as this picture did, {begun}, with its settings: only the word differs."
    other = base is not None and run is not None and base != run and base.prompt == run.prompt
    return _OF_FIELDS if other else _KEPT


def parting(result: SwapResult) -> str:
    """When the two pictures part, in a sentence or two."""
    steps = len(result.differences)
    last = float(result.differences[-1]) if steps else math.nan
    apart = f" In the end they differ by {percent(last)}." if math.isfinite(last) else ""
    before, first = percent(result.visible_before), result.first_visible
    if first is None:
        if result.visible_before:
            return (
                f"On the way the guesses are up to {before} apart, but they come together again: "
                f"in the end this word changes next to nothing.{apart}"
            )
        return f"The two never part visibly: this word changes next to nothing.{apart}"
    if result.visible_before:
        return (
            f"From step {first} of {steps} on they stay apart. Earlier guesses were up to {before} "
            f"apart, too, and came together again.{apart}"
        )
    if first <= 1:
        return f"They part at once, at step {first} of {steps}.{apart}"
    return f"They part at step {first} of {steps}: up to there both guesses look alike.{apart}"


def _count(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"
