"""The Noise page: the static is only numbers; change it, and see what of the picture follows."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import (
    QHideEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from visualizer.session.failure import Failure
from visualizer.session.playhead import Playhead
from visualizer.ui import theme as themes
from visualizer.ui.icons import IconButton
from visualizer.ui.mix_slider import TICKS, MixSlider
from visualizer.ui.noise_panel import NARROW_PANEL, PANEL, NoisePanel
from visualizer.ui.noise_tiles import Frame, NoiseStage, StaticTile
from visualizer.ui.noise_words import (
    SLOW,
    TOOLS,
    bars,
    explained,
    followed,
    idle,
    noisy,
    reading,
)
from visualizer.ui.number_field import MAX_SEED, NumberField
from visualizer.ui.segments import Segments

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.diffusion.starts import NoiseEdit
    from visualizer.export.exhibit import ExhibitPlan
    from visualizer.lessons.page_setup import PageSetup
    from visualizer.session.noise_lab import NoiseLab, Role, Tile
    from visualizer.session.session import Session
    from visualizer.settings import Settings
    from visualizer.ui.header import Header

_NARROW = 1100
_FIELD = 4 * themes.SPACE
_EDIT_MS = 250
"""The fields of the header rest so long before anything is sampled for them."""
_REST_MS = 350
"""The slider rests so long before all steps are made, where it is not let go."""
_NO_ARROWS = (
    "NumberField::up-button, NumberField::down-button { width: 0; margin: 0; border: none; }"
    "NumberField::up-arrow, NumberField::down-arrow { image: none; width: 0; height: 0; }"
)
_FLIPS = {"horizontal": "Left and right", "vertical": "Upside down"}


class NoisePage(QWidget):
    """Static above picture: the seed's own, the edited one, and the other seed's."""

    said = Signal(str, bool)  # for the status; whether it stays
    failed = Signal(object)  # Failure
    run_asked = Signal()  # a run of the history is to be looked at
    uses_header = True

    def __init__(
        self,
        session: Session,
        settings: Settings,
        header: Header,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._header = session, header
        self.lab: NoiseLab = session.noise_lab
        self.playhead = Playhead(self)  # here no time passes: the keys of time do nothing
        self._base: SamplingRequest | None = None
        self._trouble = ""
        self._frame: Frame | None = None
        self._flips: set[str] = set()
        self._shift = (0.0, 0.0)
        self.setAccessibleName("Noise")
        self.tools = Segments("What is done to the static")
        for name, (label, about) in TOOLS.items():
            self.tools.add(name, label, about)
        self.mix = MixSlider()
        self.clear = QPushButton("No rectangle")
        self.flips = {axis: QToolButton() for axis in _FLIPS}
        self.back = QPushButton("Back to its place")
        self.paste_hint, self.shift_hint = QLabel(), QLabel()
        self.other = NumberField("other seed", 0, MAX_SEED)
        self.other.set_number((settings.seed + 1) % (MAX_SEED + 1))
        self.dice = IconButton("dice", "Draw another seed")
        self.stage = NoiseStage(
            {"first": "The seed", "edited": "The edited static", "second": "The other seed"}
        )
        self.panel = NoisePanel()
        self.status = self.panel.status
        self._edits_later, self._rests = QTimer(self), QTimer(self)
        self._lay_out()
        self._connect()
        self._tool_changed()

    # --- building -----------------------------------------------------------------------------

    def _lay_out(self) -> None:
        space = themes.SPACE
        self._other_label = QLabel("Other seed")
        self._other_label.setProperty("role", "quiet")
        self._other_label.setBuddy(self.other)
        self.other.setAccessibleName("Other seed")
        self.other.setToolTip("Whose static is mixed or pasted in; the first one is in the header")
        self.other.setProperty("role", "quiet")
        self.other.setFixedSize(13 * space, _FIELD)
        self.other.setStyleSheet(_NO_ARROWS)
        for button in (self.clear, self.back):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(button.text())
            button.setProperty("role", "quiet")
        both = QFrame()
        both.setObjectName("segments")
        pair = QHBoxLayout(both)
        pair.setContentsMargins(2, 2, 2, 2)
        pair.setSpacing(2)
        for axis, flip in self.flips.items():
            flip.setText(_FLIPS[axis])
            flip.setAccessibleName(_FLIPS[axis])
            flip.setProperty("role", "segment")
            flip.setCheckable(True)
            flip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            flip.setToolTip(f"Mirror the static: {_FLIPS[axis].lower()}")
            pair.addWidget(flip)
        self.clear.setToolTip("Take the rectangle away: the static is the seed’s own again")
        self.back.setToolTip("The static is the seed’s own again")
        for hint in (self.paste_hint, self.shift_hint):
            hint.setProperty("role", "quiet")
        self._controls = QStackedWidget()
        self._controls.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._controls.setFixedHeight(5 * space)
        rows: tuple[tuple[QWidget, ...], ...] = (
            (self.mix,),
            (self.paste_hint, self.clear),
            (both,),
            (self.shift_hint, self.back),
        )
        for widgets in rows:
            line = QWidget()
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(space)
            row.addStretch(1)
            for widget in widgets:
                row.addWidget(widget, 8 if widget is self.mix else 0)
            row.addStretch(1)
            self._controls.addWidget(line)
        top = QHBoxLayout()
        top.setSpacing(space)
        top.addWidget(self.tools)
        top.addStretch(1)
        top.addWidget(self._other_label)
        top.addWidget(self.other)
        top.addWidget(self.dice)
        self._middle = QVBoxLayout()
        self._middle.setSpacing(space)
        self._middle.addLayout(top)
        self._middle.addWidget(self._controls)
        self._middle.addWidget(self.stage, 1)
        self._middle.setContentsMargins(2 * space, 2 * space, 2 * space, 2 * space)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(self._middle, 1)
        row.addWidget(self.panel)

    def _connect(self) -> None:
        for timer, wait in ((self._edits_later, _EDIT_MS), (self._rests, _REST_MS)):
            timer.setSingleShot(True)
            timer.setInterval(wait)
        self._edits_later.timeout.connect(self._take_fields)
        self._rests.timeout.connect(lambda: self._want(draft=False))
        self._header.edited.connect(self._fields_edited)
        self._session.running_changed.connect(lambda _running: self._show_all())
        self.tools.chosen.connect(lambda _name: self._tool_changed())
        self.mix.valueChanged.connect(self._mix_changed)
        self.mix.sliderReleased.connect(lambda: self._want(draft=False))
        self.other.changed.connect(self._other_changed)
        self.other.corrected.connect(self._header.note)
        self.other.entered.connect(self._header.generate_asked)
        self._header.keep_asked.connect(self.keep)
        self.dice.clicked.connect(lambda: self.other.set_number(secrets.randbelow(MAX_SEED + 1)))
        self.clear.clicked.connect(lambda: self._set_frame(None, False))
        self.back.clicked.connect(self._move_back)
        for axis, flip in self.flips.items():
            flip.toggled.connect(lambda on, axis=axis: self._set_flip(axis, on))
        for static in self._in_hand():
            static.framed.connect(self._set_frame)
            static.moved.connect(self._move)
        self.lab.changed.connect(self._show_tile)
        self.lab.positions_changed.connect(self._show_positions)
        self.panel.keep.clicked.connect(self._keep)
        self.panel.again.clicked.connect(self.lab.try_again)
        self.panel.make.clicked.connect(self.lab.try_again)
        self._session.progressed.connect(lambda now: self.lab.set_pace(now.steps_per_second))
        self._show_positions()

    def _in_hand(self) -> tuple[StaticTile, StaticTile]:
        """The statics that can be edited: the seed's own, and what has been made of it."""
        return self.stage.columns["first"].static, self.stage.columns["edited"].static

    # --- what is wished for -------------------------------------------------------------------

    @property
    def tool(self) -> str:
        """The tool in hand: "mix", "paste", "flip" or "shift"."""
        return self.tools.current

    def choose_tool(self, name: str) -> None:
        """Take another tool.

        Raises:
            KeyError: when there is none of this name.
        """
        self.tools.set_current(name)
        self._tool_changed()

    def edits(self) -> tuple[NoiseEdit, ...]:
        """What is done to the noise of the header's seed; nothing leaves it as it is."""
        from visualizer.diffusion.starts import Flip, Mix, Paste, Shift

        if self.tool == "mix":
            amount = self.mix.value() / TICKS
            return (Mix(self.other.whole(), amount),) if amount else ()
        if self.tool == "paste":
            return () if self._frame is None else (Paste(self.other.whole(), *self._frame),)
        if self.tool == "flip":
            return tuple(Flip(axis) for axis in ("horizontal", "vertical") if axis in self._flips)
        return (Shift(*self._shift),) if any(self._shift) else ()

    def _wanted(self) -> dict[Role, SamplingRequest]:
        """What the page looks at, by column."""
        from visualizer.diffusion.starts import EditedNoise

        base, edits = self._base, self.edits()
        if base is None:
            return {}
        edited = replace(base, start=EditedNoise(edits)) if edits else base
        wanted: dict[Role, SamplingRequest] = {"first": base, "edited": edited}
        if self._needs_other:
            wanted["second"] = replace(base, seed=self.other.whole())
        return wanted

    @property
    def _needs_other(self) -> bool:
        return self.tool in ("mix", "paste")

    def _want(self, draft: bool) -> None:
        if draft:
            self._rests.start()
        else:
            self._rests.stop()
        self._say_captions()
        self.lab.want(self._wanted(), draft)

    def _fields_edited(self) -> None:
        if self.isVisible():
            self._edits_later.start()

    def _take_fields(self) -> None:
        """The header's settings are the ones all pictures are made with."""
        from visualizer.diffusion.request import RequestError

        self._trouble = ""
        try:
            self._base = self._header.request()
        except RequestError as error:
            self._base, self._trouble = None, str(error)
        if self._base is not None and not self._base.prompt:
            self._base, self._trouble = None, "Say above what the picture should show."
        missing = self._header.control.missing()
        if missing:
            self._base, self._trouble = None, missing
        base, facts = self._base, self._session.facts
        if base is not None:
            width, height = base.width, base.height
            if facts is not None and (width is None or height is None):
                width, height = facts.width, facts.height
            self.stage.set_aspect((width or 1) / (height or 1))
        self._want(draft=False)

    def _tool_changed(self) -> None:
        self._controls.setCurrentIndex(list(TOOLS).index(self.tool))
        second = ["second"] if self._needs_other else []
        self.stage.set_columns(["first", "edited", *second])
        for widget in (self._other_label, self.other, self.dice):
            widget.setVisible(self._needs_other)
        for static in self._in_hand():
            static.set_hand(self.tool if self.tool in ("paste", "shift") else "")  # type: ignore[arg-type]
        self._say_hints()
        self._show_frame()
        self._want(draft=False)

    def _mix_changed(self, _value: int) -> None:
        self._want(draft=True)

    def _other_changed(self) -> None:
        self._say_hints()
        self._edits_later.start()

    def _set_flip(self, axis: str, on: bool) -> None:
        self._flips = self._flips | {axis} if on else self._flips - {axis}
        self._want(draft=False)

    def _set_frame(self, frame: Frame | None, goes_on: bool) -> None:
        if frame != self._frame or not goes_on:
            self._frame = frame
            self._show_frame()
            self._want(draft=goes_on)

    def _move(self, right: float, down: float, goes_on: bool) -> None:
        rows, columns = self.lab.positions
        self._shift = (
            _wrapped(self._shift[0] + right, columns),
            _wrapped(self._shift[1] + down, rows),
        )
        self._want(draft=goes_on)

    def _move_back(self) -> None:
        self._shift = (0.0, 0.0)
        self._want(draft=False)

    def _keep(self) -> None:
        """Of a picture whose steps have been let go, they are made once more: the very same."""
        run, request = self.lab.run("edited"), self.lab.tile("edited").request
        if run is not None:
            self._session.keep(run)
        elif request is not None:
            self._session.generate(request)
        self.run_asked.emit()

    # --- what the window asks -----------------------------------------------------------------

    def generate(self) -> None:
        """Make the pictures of the fields as they are now, also those that failed."""
        self.other.interpretText()
        self._edits_later.stop()
        self._take_fields()
        if self._base is None:
            self.failed.emit(Failure("There is no picture to make yet.", self._trouble))
        self.lab.try_again()

    def keep(self) -> None:
        """Make the edited noise's picture a run: the one that is there, else a new one."""
        self._header.settle_numbers()
        self.other.interpretText()
        self._take_fields()
        if self._base is None:
            self.failed.emit(Failure("There is no picture to make yet.", self._trouble))
        elif self.lab.run("edited") is not None:
            self._keep()
        else:
            self._session.generate(self._wanted()["edited"])
            self.run_asked.emit()

    @property
    def pictures(self) -> QWidget:
        """Where a message may lie."""
        return self.stage

    def escape(self) -> bool:
        """There is nothing to leave."""
        return False

    def enter(self) -> None:
        """Sampling begins as the page is shown; the main button keeps what was made."""
        self._header.set_keeping(True)

    def leave(self) -> None:
        """Sampling ends as the page is hidden."""
        self._header.set_keeping(False)

    def set_facts(self, _facts: ModelFacts) -> None:
        """Another model samples for all tiles; of one that may be slow they are asked for."""
        self.lab.set_careful(self._session.model_folder is not None)
        self._fields_edited()

    def set_bare(self, on: bool) -> None:
        """Without its words."""
        self.panel.setHidden(on)

    def set_up(self, setup: PageSetup) -> None:
        """Sample what the fields say by now; time and views are none here."""
        if setup.run:
            self.generate()

    def exhibit(self) -> ExhibitPlan | None:
        """Its pictures are runs: those can be kept, and exported from there."""
        return None

    def set_compact(self, _compact: bool) -> None:
        """The pictures take what height there is."""

    # --- what is shown ------------------------------------------------------------------------

    def _say_hints(self) -> None:
        first, second = self._seeds()
        self.paste_hint.setText(f"Drag a rectangle over the static of seed {first}")
        self.shift_hint.setText("Drag the static with the mouse")
        self.mix.set_ends(f"seed {first}", f"seed {second}")

    def _seeds(self) -> tuple[int, int]:
        return self._header.seed.whole(), self.other.whole()

    def _say_captions(self) -> None:
        first, second = self._seeds()
        done = {
            "mix": f"Mixed {TICKS - self.mix.value()} : {self.mix.value()}",
            "paste": "With the piece",
            "flip": "Mirrored",
            "shift": "Moved",
        }[self.tool]
        if not self.edits() and self.tool != "mix":
            done = idle(self.tool)
        captions = {"first": f"Seed {first}", "edited": done, "second": f"Seed {second}"}
        steps = self._base.steps if self._base is not None else None
        if steps is None and self._session.facts is not None:
            steps = self._session.facts.steps
        self.stage.set_captions(captions, f"{steps} steps" if steps else "")
        self._say_hints()
        self.clear.setEnabled(self._frame is not None)
        self.back.setEnabled(any(self._shift))

    def _show_positions(self) -> None:
        for static in self._in_hand():
            static.set_positions(self.lab.positions)

    def _show_frame(self) -> None:
        frame = self._frame if self.tool == "paste" else None
        for column in self.stage.columns.values():
            column.static.set_frame(frame)
        self.stage.columns["edited"].result.set_frame(frame)

    def _show_tile(self, role: Role) -> None:
        tile, column = self.lab.tile(role), self.stage.columns[role]
        static, offset = tile.static, (0.0, 0.0)
        if role == "edited" and self.tool == "shift" and self.lab.drafting:
            # at once, while the real one is drawn: the same static, moved on the screen
            own = self.lab.tile("first").static
            static, offset = own, self._shift
        unseen = "This noise cannot be shown." if tile.unseen else ""
        words = unseen or self._why_empty(tile, to_make=False)
        column.static.show_picture(static, words=words, offset=offset)
        settled = tile.state == "done"
        followed = role == "edited" and self.lab.drafting  # as closely as it can be
        column.result.show_picture(
            tile.picture,
            # the panel says why, once
            words="This noise cannot be sampled." if tile.failure else self._why_empty(tile),
            chip=self._chip(role, tile),
            faded=not (settled or followed or tile.draft or tile.guess)
            and tile.picture is not None,
        )
        self._say_what_followed()

    def _show_all(self) -> None:
        for role in self.stage.shown:
            self._show_tile(role)  # type: ignore[arg-type]

    def _why_empty(self, tile: Tile, to_make: bool = True) -> str:
        """What stands in place of a picture, or of a static, which nobody has to ask for."""
        if self._trouble:
            return self._trouble
        if self._session.facts is None:
            return "The model is being loaded …"
        if self._session.running:
            return "Waits for the run that goes on."
        if to_make and tile.state == "waiting" and self.lab.waits:
            return "Not made yet"
        return {"waiting": "Next …", "running": "Making it …"}.get(tile.state, "")

    def _chip(self, role: Role, tile: Tile) -> str:
        if tile.picture is None or tile.state == "done":
            return ""
        if tile.draft and role == "edited":
            from visualizer.session.noise_lab import DRAFT_STEPS

            return f"{DRAFT_STEPS} steps while you drag" if self.lab.drafting else "All steps …"
        return "The model’s guess so far" if tile.guess else ""

    def _say_what_followed(self) -> None:
        """Measured where all that it is measured from is finished."""
        first, second = self._seeds()
        tiles = {role: self.lab.tile(role) for role in self._wanted()}
        failure = next((tile.failure for tile in tiles.values() if tile.failure), "")
        edits = self.edits()
        whole = bool(tiles) and all(tile.state == "done" for tile in tiles.values())
        self.panel.keep.setEnabled(bool(edits) and self.lab.tile("edited").state == "done")
        waits = self.lab.waits
        self.panel.again.setVisible(bool(failure))
        self.panel.offer_to_make(len(tiles) if waits else 0)
        if failure or self._trouble:
            headline = "This noise cannot be sampled" if failure else "No picture yet"
            self.panel.say(headline, failure or self._trouble)
        elif not edits or not whole:
            about = explained(self.tool, first, second)
            headline = "The static is only numbers"
            if waits:
                about = f"{about} {SLOW}"
            elif edits and not self.lab.drafting:
                about = "What followed is measured when all pictures are finished."
            elif edits:
                about = "What followed is measured when you let go."
            self.panel.say(headline, about)
        else:
            self._say_measured(edits, first, second)

    def _say_measured(self, edits: tuple[NoiseEdit, ...], first: int, second: int) -> None:
        from visualizer.session.noise_following import measure

        edited, own = self.lab.tile("edited").picture, self.lab.tile("first").picture
        other = self.lab.tile("second").picture if self._needs_other else None
        if edited is None or own is None or self.panel.shows(edits, edited, own, other):
            return
        found = measure(edits, edited, own, other)
        amount = self.mix.value() / TICKS
        headline, words = followed(self.tool, found, first, second, amount)
        random = self._noisy_words()
        if random:  # the picture follows the later noise: nothing follows from that for the static
            headline, words = random
        how = reading(self.tool, first, second, noisy=bool(random))
        self.panel.say(headline, words, bars(self.tool, found), how)
        self.panel.measured = (edits, edited, own, other)

    def _noisy_words(self) -> tuple[str, str] | None:
        """What is to be said where the sampler adds noise at every step."""
        facts, base = self._session.facts, self._base
        if facts is None or base is None or (base.sampler or "") not in facts.random_samplers:
            return None
        labels = {each.key: each.label for each in facts.samplers}
        calm = [key for key in labels if key not in facts.random_samplers]
        other = "dpmpp_2m" if "dpmpp_2m" in calm else next(iter(calm), "")
        own = labels.get(base.sampler or "", facts.own_sampler)
        return noisy(own, labels.get(other, ""))

    # --- Qt -----------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks: sample."""
        super().showEvent(event)
        self._take_fields()
        self.lab.set_active(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: leave the machine to others."""
        super().hideEvent(event)
        self._rests.stop()
        self._edits_later.stop()
        self.lab.set_active(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow page has a narrow panel."""
        super().resizeEvent(event)
        narrow = self.width() < _NARROW
        self.panel.setFixedWidth(NARROW_PANEL if narrow else PANEL)
        edge = themes.SPACE if narrow else 2 * themes.SPACE
        self._middle.setContentsMargins(edge, edge, edge, edge)


def _wrapped(share: float, positions: int) -> float:
    """A shift in whole positions, at most half the picture either way."""
    moved = round(share * positions) % positions
    return (moved if moved <= positions // 2 else moved - positions) / positions
