"""The panel beside the picture: where the playhead stands, what happens here, how it was made."""

from __future__ import annotations

import random
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPixmap
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSpacerItem,
    QVBoxLayout,
    QWidget,
)

from visualizer.time_words import duration
from visualizer.ui import theme
from visualizer.ui.explanation import Explanation, Moment, State, explain, measured_words, percent
from visualizer.ui.icons import IconButton
from visualizer.ui.scroll_room import BAR, keep_room

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.session.playhead import Playhead
    from visualizer.session.timeline import Timeline

WIDTH = 36 * theme.SPACE
_PROMPT, _COMPACT_PROMPT = 110, 36
"""So many characters of a prompt are shown; in a low window what fits into one line."""
_LONGEST_NAME = 36
_GAPS = (8, 4, 16, 4)
"""Below the step, the bar, the shares, and the headline."""


class SidePanel(QScrollArea):
    """Follows the playhead; says the same as the picture, in words and numbers."""

    copied = Signal(str)
    reuse_asked = Signal()  # put the settings of the shown run into the fields

    def __init__(self, playhead: Playhead, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._playhead = playhead
        self._timeline: Timeline | None = None
        self._facts: ModelFacts | None = None
        self._compact = False
        self._reusable = False
        self._gaps = [QSpacerItem(0, gap) for gap in _GAPS]
        self.setFixedWidth(WIDTH)
        keep_room(self)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.step = _label("title")
        self.share = ShareBar()
        self.picture_share = _label("")
        self.noise_share = _label("quiet")
        for share in (self.picture_share, self.noise_share):
            share.setWordWrap(False)
        self.measured = _label("small-quiet")
        self.pull = _label("small-quiet")
        self.pull.setWordWrap(False)
        self.headline = _label("value")
        self.text = _label("")
        self.text.setTextFormat(Qt.TextFormat.RichText)
        self.prompt = _label("small")
        self.facts = _label("small-quiet")
        self.limits = _label("small-quiet")
        self.seed = _label("small-quiet")
        self.seed.setWordWrap(False)
        self.device = _label("small-quiet")
        self.copy_seed = IconButton("copy", "Copy the seed")
        self.copy_seed.clicked.connect(self._copy_seed)
        self.reuse = IconButton("undo", "Use these settings again")
        self.reuse.clicked.connect(self.reuse_asked)
        self._lay_out()
        playhead.moved.connect(self.refresh)
        playhead.view_changed.connect(self.refresh)
        self.refresh()

    def _lay_out(self) -> None:
        inside = _Column()
        column = self._column = QVBoxLayout(inside)
        around = 2 * theme.SPACE
        column.setContentsMargins(around, around, around - BAR, around)
        column.setSpacing(0)
        column.addWidget(self.step)
        column.addItem(self._gaps[0])
        column.addWidget(self.share)
        column.addItem(self._gaps[1])
        shares = QHBoxLayout()
        shares.addWidget(self.picture_share)
        shares.addStretch(1)
        shares.addWidget(self.noise_share)
        column.addLayout(shares)
        column.addWidget(self.measured)
        column.addWidget(self.pull)
        column.addItem(self._gaps[2])
        column.addWidget(self.headline)
        column.addItem(self._gaps[3])
        column.addWidget(self.text)
        column.addStretch(1)
        column.addSpacing(theme.SPACE)
        column.addWidget(self.prompt)
        column.addSpacing(theme.SPACE // 2)
        column.addWidget(self.facts)
        column.addWidget(self.limits)
        column.addSpacing(theme.SPACE // 2)
        seed_row = QHBoxLayout()
        seed_row.setSpacing(theme.SPACE // 2)
        seed_row.addWidget(self.seed, 0, Qt.AlignmentFlag.AlignVCenter)
        seed_row.addWidget(self.copy_seed)
        seed_row.addStretch(1)
        seed_row.addWidget(self.reuse)
        column.addLayout(seed_row)
        column.addWidget(self.device)
        self.setWidget(inside)

    def set_timeline(self, timeline: Timeline | None) -> None:
        """Follow another timeline, or none."""
        if self._timeline is not None:
            self._timeline.grown.disconnect(self.refresh)
        self._timeline = timeline
        if timeline is not None:
            timeline.grown.connect(self.refresh)
        self.refresh()

    def set_facts(self, facts: ModelFacts) -> None:
        """Know the names that people use for this model's samplers, and where it runs."""
        self._facts = facts
        where = f"Runs on {facts.device_label}." if facts.device_label else ""
        self.device.setText(" ".join(part for part in (where, facts.memory_note) if part))
        self.refresh()

    def refresh(self, _changed: object = None) -> None:
        """Say it all again, for where the playhead stands now."""
        timeline = self._timeline
        shown = timeline is not None and timeline.total > 0
        self.device.setVisible(bool(self.device.text()) and not self._compact)
        numbers = (self.share, self.picture_share, self.noise_share, self.measured)
        for part in (*numbers, self.facts, self.seed, self.copy_seed):
            part.setVisible(shown)
        self.pull.setVisible(timeline is not None and timeline.guided)
        self.reuse.setVisible(shown and self._reusable)
        if timeline is None or not shown:
            self._show_nothing()
            return
        k = min(self._playhead.index, timeline.total - 1)
        share = timeline.level(k).noise_share
        self.step.setText(timeline.label(k))
        what = "picture" if timeline.shows_pictures(k) else "signal"
        self.share.set_share(share, what)
        self.picture_share.setText(f"{percent(1 - share)} {what}")
        self.noise_share.setText(f"{percent(share)} noise")
        self._show_measured(timeline, k, share)
        self._show_pull(timeline, k)
        explanation = explain(self._moment(timeline, k, share))
        self._show_explanation(explanation)
        length = _COMPACT_PROMPT if self._compact else _PROMPT
        self.prompt.setText(f"“{_shortened(timeline.request.prompt, length)}”")
        self.prompt.setVisible(bool(timeline.request.prompt))
        self.facts.setVisible(not self._compact)
        self.prompt.setToolTip(timeline.request.prompt)
        self.facts.setText(self._run_facts(timeline))
        run = timeline.trajectory
        self.facts.setToolTip("" if run is None else run.model.name)
        # where there is no picture the explanation says so already
        told = not timeline.shows_pictures(k)
        limits = "" if told else " ".join(self._limits(timeline))
        self.limits.setText(limits)
        self.limits.setVisible(bool(limits) and not self._compact)
        self.seed.setText(f"Seed {timeline.request.seed}")

    def set_compact(self, compact: bool) -> None:
        """In a low window the explanation is worth more than the facts and the air."""
        self._compact = compact
        space = theme.SPACE
        self._column.setContentsMargins(
            2 * space, space if compact else 2 * space, 2 * space - BAR, space
        )
        for gap, usual in zip(self._gaps, _GAPS, strict=True):
            gap.changeSize(0, usual // 2 if compact else usual)
        self._column.invalidate()
        self.refresh()

    def offer_reuse(self, offer: bool) -> None:
        """Whether the fields say something else than this run was made from."""
        self._reusable = offer
        self.reuse.setVisible(offer and self._timeline is not None)

    def _show_nothing(self) -> None:
        self.prompt.hide()
        self.limits.hide()
        self.step.setText("From static to picture")
        self._show_explanation(
            Explanation(
                "How it begins",
                "Describe a picture above and press Enter. The model starts from random static "
                "and takes the noise away, a little at every step. You will see each step, and "
                "you can drag time back and forth.",
            )
        )

    def _show_measured(self, timeline: Timeline, k: int, share: float) -> None:
        measured = timeline.measured_share(k) if k < len(timeline) else None
        if measured is None:
            self.measured.setText(" ")  # its room is kept, so that nothing jumps
            self.measured.setToolTip("")
            return
        settled = timeline.complete and not timeline.running
        against = "finished picture" if settled else "model’s guess at this step"
        noise = " noise" if settled else ""  # else it takes two lines, and everything jumps
        self.measured.setText(f"{measured_words(settled).capitalize()}: {percent(measured)}{noise}")
        self.measured.setToolTip(
            f"Planned are {percent(share)}. Measured is what is really there: the latent compared "
            f"with the {against}."
        )

    def _show_pull(self, timeline: Timeline, k: int) -> None:
        """How far the prompt moved what the model said; its room is kept, so that nothing jumps."""
        strength = timeline.guidance_strength(k)
        if strength is None:
            self.pull.setText(" ")
            self.pull.setToolTip("")
            return
        self.pull.setText(f"The prompt moved the guess by {percent(strength)}")
        guidance = timeline.step(k).guidance
        other = "with the avoid text" if timeline.request.negative_prompt else "without the prompt"
        if guidance is None or guidance.weight is None:
            mixed = "What the sampler follows is mixed from the two in a way of this model’s own."
        else:
            mixed = (
                f"The sampler follows the answer {other}, plus {guidance.weight:.3g} times the "
                "difference that the prompt makes."
            )
        self.pull.setToolTip(
            f"The model was asked twice here, with the prompt and {other}. {mixed} The percentage "
            "is how far that moved the model’s guess of the picture, against the guess itself."
        )

    def _limits(self, timeline: Timeline) -> tuple[str, ...]:
        """What of this model's work is not shown."""
        facts, run = self._facts, timeline.trajectory
        mine = facts is not None and (run is None or run.model.name == facts.name)
        return facts.cannot_show if mine and facts is not None else ()

    def _show_explanation(self, explanation: Explanation) -> None:
        self.headline.setText(explanation.title)
        self.text.setText(f'<p style="line-height: 125%">{escape(explanation.text)}</p>')

    def _moment(self, timeline: Timeline, k: int, share: float) -> Moment:
        from visualizer.diffusion.views import GAINS  # numpy is there by now

        state: State = "complete"
        if not len(timeline) and not timeline.running:
            state = "planned"
        elif timeline.running:
            state = "running"
        elif timeline.cancelled:
            state = "cancelled"
        stage, view = timeline.stage(k), self._playhead.view
        return Moment(
            k=k - stage.first,
            last=stage.last - stage.first,
            noise_share=share,
            view=view,
            state=state,
            newest=k == len(timeline) - 1,
            seed=timeline.request.seed,
            gain=GAINS.get(view, 1.0),
            more_follows=stage.last < timeline.total - 1,
            shown=timeline.shows_pictures(k),
            guided=timeline.guided,
            asked_twice=k < len(timeline) and timeline.step(k).guidance is not None,
            avoid=bool(timeline.request.negative_prompt),
            from_picture=timeline.request.start.kind == "picture",
        )

    def _run_facts(self, timeline: Timeline) -> str:
        from visualizer.diffusion.starts import FromPicture
        from visualizer.export.share_words import noise_words

        request, run = timeline.request, timeline.trajectory
        facts = [self._sampler_name(timeline)]
        if request.guidance_scale is not None:
            facts.append(f"guidance {request.guidance_scale:g}")
        if request.negative_prompt:
            facts.append(f"avoiding “{_shortened(request.negative_prompt, 40)}”")
        if timeline.parent_run is not None:
            facts.append(f"branched at step {timeline.branched_at}")
        elif request.start.kind == "edited noise":
            facts.append("from edited static")
        elif isinstance(request.start, FromPicture):
            facts.append(request.start.words(noise_words(timeline.level(0).noise_share)))
        planned, made = timeline.step_count, timeline.steps_taken(max(len(timeline) - 1, 0))
        stopped = timeline.cancelled and made < planned
        facts.append(f"{made} of {planned} steps" if stopped else f"{planned} steps")
        if run is not None and run.seconds > 0:
            facts[-1] += f" in {duration(run.seconds)}".replace(" ", "\u00a0")
        if run is not None and run.model.name:
            facts.append(_shortened_inside(run.model.name))
        return ", ".join(fact for fact in facts if fact)

    def _sampler_name(self, timeline: Timeline) -> str:
        key, facts = timeline.request.sampler, self._facts
        if facts is not None and key is not None:
            return next((name.label for name in facts.samplers if name.key == key), key)
        run = timeline.trajectory
        if key is None and facts is not None and (run is None or run.model.name == facts.name):
            return facts.own_sampler
        return key or (run.sampler.removesuffix("Scheduler") if run is not None else "")

    def _copy_seed(self) -> None:
        if self._timeline is not None:
            seed = str(self._timeline.request.seed)
            QApplication.clipboard().setText(seed)
            self.copied.emit(f"Seed {seed} copied")


class _Column(QWidget):
    """As high as its wrapped texts are at the panel's width; else the panel scrolls too early."""

    def minimumSizeHint(self) -> QSize:
        layout = self.layout()
        return QSize(0, 0 if layout is None else layout.minimumHeightForWidth(WIDTH - BAR))


class ShareBar(QWidget):
    """How much of the latent is picture and how much noise; the noise is drawn as static."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(theme.SPACE)
        self.setAccessibleName("Picture and noise")
        self._share = 1.0
        self._what = "picture"
        self._static: QPixmap | None = None
        self._made_for: tuple[object, ...] = ()

    def set_share(self, noise_share: float, what: str = "picture") -> None:
        """The variance share of the noise, 0 … 1, and what the rest is."""
        if (noise_share, what) != (self._share, self._what):
            self._share, self._what = noise_share, what
            noise = percent(noise_share)
            self.setAccessibleDescription(f"{percent(1 - noise_share)} {what}, {noise} noise")
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Picture at the left, static at the right."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(self.rect()), self.height() / 2, self.height() / 2)
        painter.setClipPath(shape)
        painter.drawPixmap(0, 0, self._grain())
        clean = round(self.width() * (1 - self._share))
        painter.fillRect(0, 0, clean, self.height(), QColor(theme.current().text))
        painter.end()

    def _grain(self) -> QPixmap:
        worn = theme.current()
        made_for = (self.size(), self.devicePixelRatioF(), worn.name)
        if self._static is None or made_for != self._made_for:
            self._made_for = made_for
            chance = random.Random(7)
            ratio = self.devicePixelRatioF()
            self._static = QPixmap(self.size() * ratio)
            self._static.setDevicePixelRatio(ratio)
            grays = [QColor(c) for c in (worn.raised, worn.line, worn.edge, worn.quiet)]
            painter = QPainter(self._static)
            for x in range(0, self.width(), 2):
                for y in range(0, self.height(), 2):
                    painter.fillRect(x, y, 2, 2, chance.choice(grays))
            painter.end()
        return self._static


def _shortened_inside(name: str, length: int = _LONGEST_NAME) -> str:
    """A repository's owner and the end of its name say most."""
    half = (length - 1) // 2
    return name if len(name) <= length else f"{name[:half]}…{name[-half:]}"


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _label(role: str) -> QLabel:
    label = QLabel()
    if role:
        label.setProperty("role", role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(role != "title")
    label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    return label
