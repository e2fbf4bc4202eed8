"""The noise lab: edited starting noise, sampled again while it is edited; the newest wish wins."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeVar

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.session.answers import Finished, NoiseDrawn
    from visualizer.session.failure import Failure
    from visualizer.session.worker import Worker

Role = Literal["first", "edited", "second"]
ROLES: tuple[Role, ...] = ("first", "edited", "second")
DRAFT_STEPS = 8
"""While something is dragged; all steps follow when it rests."""
DRAFT_PATIENCE_S = 2.5
"""A draft that is made when a newer one is wished for comes to its end first, unless it is slow:
else a slider that never rests would never show anything."""
PREVIEW_AFTER_S = 1.0
"""Where a picture is replaced, the guesses on the way to it are shown only if it is this slow."""
UNASKED_S = 12.0
"""Pictures that together take longer than this are made only when they are asked for."""
POLL_MS = 40
KEPT_RUNS, KEPT_PICTURES = 8, 32

State = Literal["", "waiting", "running", "done", "failed"]


@dataclass
class Tile:
    """One of the noises that are looked at, and what came of it.

    Attributes:
        request: what is looked at now; None where nothing is.
        static: the noise as a picture; None while it is not drawn.
        unseen: a sentence, where it cannot be drawn; the seed's own is sampled all the same.
        picture: the newest picture of it: finished, a draft, or a guess of a run that goes on.
        draft: whether ``picture`` was made in fewer steps.
        guess: whether ``picture`` is the model's guess while it still samples.
        state: of the picture of ``request``.
        failure: a sentence, where it failed.
    """

    request: SamplingRequest | None = None
    static: Picture | None = None
    unseen: str = ""
    picture: Picture | None = None
    draft: bool = False
    guess: bool = False
    state: State = ""
    failure: str = ""


@dataclass
class _Job:
    """The run that goes on.

    Attributes:
        dragged: asked for while the edited noise changes: it is shown also if it is outdated then.
        draft: made in fewer steps than were asked for.
    """

    run_id: int
    request: SamplingRequest
    role: Role
    dragged: bool
    draft: bool
    since: float
    cancel: threading.Event
    outdated: bool = False  # it belongs to a model that is gone


class NoiseLab(QObject):
    """Up to three noises side by side. Samples only while it is looked at and nobody else does."""

    changed = Signal(str)
    """A tile (its role) has another picture, noise or state."""
    positions_changed = Signal()
    """``positions`` is known, or another."""

    def __init__(self, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._facts: ModelFacts | None = None
        self._active = self._busy = self._drafts = False
        self._tiles: dict[Role, Tile] = {role: Tile() for role in ROLES}
        self._runs: OrderedDict[SamplingRequest, Trajectory] = OrderedDict()
        self._finals: OrderedDict[SamplingRequest, Picture] = OrderedDict()
        self._statics: OrderedDict[object, Picture] = OrderedDict()
        self._refused: dict[SamplingRequest, str] = {}
        self._unseen: dict[object, str] = {}  # noises that cannot be drawn
        self._apart: set[object] = set()  # noises to be drawn one by one
        self._careful = False
        self._pace = 0.0  # seconds a step; 0 while it is not known
        self._granted: SamplingRequest | None = None  # the first noise's, when it was asked for
        self.positions = (1, 1)
        """Rows and columns of the latent: what an edit can tell apart."""
        self._ids = 0  # counts down: no number of a normal run
        self._ask_id: int | None = None
        self._asked: tuple[object, ...] = ()  # the noises that are on their way
        self._job: _Job | None = None
        self._poll = QTimer(self)
        self._poll.setInterval(POLL_MS)
        self._poll.timeout.connect(self._look)
        queued = Qt.ConnectionType.QueuedConnection
        worker.finished.connect(self._on_finished, queued)
        worker.noise_drawn.connect(self._on_noise_drawn, queued)

    # --- what there is ------------------------------------------------------------------------

    def tile(self, role: Role) -> Tile:
        """What is looked at in one place."""
        return self._tiles[role]

    def run(self, role: Role) -> Trajectory | None:
        """The whole run behind a finished picture; None for drafts and outdated ones.

        Of the pictures it remembers only the latest have their runs still.
        """
        request = self._tiles[role].request
        return None if request is None else self._runs.get(request)

    @property
    def sampling(self) -> bool:
        """Whether a picture is being made."""
        return self._job is not None

    @property
    def drafting(self) -> bool:
        """Whether the edited noise changes just now."""
        return self._drafts

    @property
    def waits(self) -> bool:
        """Whether pictures are missing that take so long that they must be asked for."""
        missing = self._missing()
        return self._may_sample and bool(missing) and not self._may_begin(missing)

    # --- what the page wishes -----------------------------------------------------------------

    def want(self, wanted: Mapping[Role, SamplingRequest], draft: bool = False) -> None:
        """Look at these requests, which share steps and size; roles left out are empty.

        Args:
            draft: the edited one changes just now: it is sampled in few steps.
        """
        self._drafts = draft
        for role, tile in self._tiles.items():
            tile.request = wanted.get(role)
        job = self._job
        if job is not None and all(job.request != wish for _, wish, _ in self._wishes()):
            slow = time.monotonic() - job.since > DRAFT_PATIENCE_S
            if slow or not (draft and job.dragged):
                job.cancel.set()
        self._settle_all()
        self._go_on()

    def set_active(self, active: bool) -> None:
        """Whether anybody looks."""
        self._active = active
        self._judge()

    def set_busy(self, busy: bool) -> None:
        """Whether a normal run is asked for: the lab waits for its end."""
        self._busy = busy
        self._judge()

    def set_careful(self, careful: bool) -> None:
        """Whether everything must be asked for, e.g. of a model that may be slow."""
        if careful != self._careful:
            self._careful = careful
            if self._job is not None and not self._wishes():
                self.interrupt()  # the first picture of a model that has just been loaded
            self._judge()

    def set_pace(self, steps_per_second: float) -> None:
        """How fast the model was lately: what takes long must be asked for."""
        if steps_per_second > 0:
            self._pace = 1.0 / steps_per_second

    def set_facts(self, facts: ModelFacts) -> None:
        """Another model: what the former one made is forgotten."""
        self._facts = facts
        if self._job is not None:
            self._job.outdated = True
            self._job.cancel.set()
        self._runs.clear()
        self._finals.clear()
        self._statics.clear()
        self._forget_troubles()
        self._pace, self._granted = 0.0, None
        self._ask_id = None
        self._tiles = {role: Tile(request=tile.request) for role, tile in self._tiles.items()}
        self._settle_all()
        self._go_on()

    def try_again(self) -> None:
        """Make what is looked at, also what failed or takes long; edits of it as well."""
        self._forget_troubles()
        self._granted = self._tiles["first"].request
        self._settle_all()
        self._go_on()

    def interrupt(self) -> None:
        """Something else has been asked of the worker: what is sampled now is begun anew after."""
        if self._job is not None:
            self._job.cancel.set()

    def close(self) -> None:
        """Make nothing any more."""
        self._active = False
        self._poll.stop()
        self.interrupt()

    # --- inside -------------------------------------------------------------------------------

    def _forget_troubles(self) -> None:
        self._refused.clear()
        self._unseen.clear()
        self._apart.clear()

    def _judge(self) -> None:
        if not self._may_sample:
            self.interrupt()
        self._settle_all()
        self._go_on()

    @property
    def _may_sample(self) -> bool:
        return self._active and not self._busy and self._facts is not None

    def _wishes(self) -> list[tuple[Role, SamplingRequest, bool]]:
        """What is to be sampled now (role, request, whether it is dragged), most urgent first."""
        missing = self._missing()
        return missing if self._may_begin(missing) else []

    def _may_begin(self, missing: list[tuple[Role, SamplingRequest, bool]]) -> bool:
        """Whether they were asked for, or take so little time that nobody needs to."""
        first = self._tiles["first"].request
        if first is not None and first == self._granted:
            return True
        seconds = self._pace * sum(self._steps_of(wish) for _, wish, _ in missing)
        return not self._careful and seconds <= UNASKED_S

    def _missing(self) -> list[tuple[Role, SamplingRequest, bool]]:
        order: tuple[Role, ...] = ("edited", "first", "second") if self._drafts else ROLES
        found = []
        for role in order:
            request = self._tiles[role].request
            if request is None or request in self._finals or request in self._refused:
                continue
            dragged = role == "edited" and self._drafts
            wish = self._draft_of(request) if dragged else request
            if wish not in self._finals and wish not in self._refused:
                found.append((role, wish, dragged))
        return found

    def _draft_of(self, request: SamplingRequest) -> SamplingRequest:
        few = self._steps_of(request) <= DRAFT_STEPS
        return request if few else replace(request, steps=DRAFT_STEPS)

    def _steps_of(self, request: SamplingRequest) -> int:
        return request.steps or (self._facts.steps if self._facts else DRAFT_STEPS)

    def _go_on(self) -> None:
        if not self._may_sample:
            return
        self._ask_statics()
        wishes = self._wishes()
        if self._job is not None or not wishes:
            return
        role, request, dragged = wishes[0]
        draft = request != self._tiles[role].request
        self._ids -= 1
        cancel = threading.Event()
        self._job = _Job(self._ids, request, role, dragged, draft, time.monotonic(), cancel)
        self._worker.sample(self._ids, request, cancel)
        self._poll.start()
        self._settle_all()

    def _ask_statics(self) -> None:
        requests = [tile.request for tile in self._tiles.values() if tile.request is not None]
        missing = {
            _noise_of(request): request
            for request in requests
            if _noise_of(request) not in self._statics
            and _noise_of(request) not in self._unseen
            and request not in self._refused
        }
        if self._ask_id is not None or not missing:
            return  # one question at a time: once it is answered the wish may be another
        alone = next((noise for noise in missing if noise in self._apart), None)
        if alone is not None:
            missing = {alone: missing[alone]}
        self._ids -= 1
        self._ask_id, self._asked = self._ids, tuple(missing)
        self._worker.draw_noise(self._ids, tuple(missing.values()))

    @Slot(object)
    def _on_noise_drawn(self, drawn: NoiseDrawn) -> None:
        if drawn.ask_id != self._ask_id:
            return
        self._ask_id = None
        if drawn.failure is not None and len(self._asked) > 1:
            self._apart.update(self._asked)  # one of them; the others can be drawn
        elif drawn.failure is not None:
            self._take_refusal(self._asked[0], _sentence(drawn.failure))
        else:
            for noise, picture in zip(self._asked, drawn.pictures, strict=True):
                _keep(self._statics, noise, picture, KEPT_PICTURES)
            if drawn.positions != self.positions:
                self.positions = drawn.positions
                self.positions_changed.emit()
        self._settle_all()
        self._go_on()

    def _take_refusal(self, noise: object, sentence: str) -> None:
        """A noise cannot be drawn. An edited one cannot be sampled then; a seed's own can."""
        self._unseen[noise] = sentence
        for tile in self._tiles.values():
            if tile.request is None or _noise_of(tile.request) != noise:
                continue
            if tile.request.start.kind != "seed":
                self._refused[tile.request] = sentence

    @Slot()
    def _look(self) -> None:
        """Guesses of the run that goes on."""
        job = self._job
        if job is None:
            return
        tile = self._tiles[job.role]
        guesses = [point.previews.get("denoised") for point, _ in self._worker.take(job.run_id)]
        guess = next((each for each in reversed(guesses) if each is not None), None)
        slow = time.monotonic() - job.since > PREVIEW_AFTER_S
        mine = job.dragged or tile.request == job.request
        wanted = mine and (slow or tile.picture is None or tile.guess)
        if guess is not None and wanted:
            tile.picture, tile.guess, tile.draft = guess, True, False
            self.changed.emit(job.role)

    @Slot(object)
    def _on_finished(self, finished: Finished) -> None:
        job = self._job
        if job is None or finished.run_id != job.run_id:
            return
        self._poll.stop()
        self._worker.take(job.run_id)
        self._job = None
        run = finished.trajectory
        if job.outdated:
            pass
        elif run is not None and not run.cancelled and run.final is not None:
            _keep(self._finals, job.request, run.final, KEPT_PICTURES)
            if job.dragged:
                tile = self._tiles[job.role]
                tile.picture, tile.draft, tile.guess = run.final, job.draft, False
            if not job.draft:
                _keep(self._runs, job.request, run, KEPT_RUNS)
        elif finished.failure is not None and not job.cancel.is_set():
            self._refused[job.request] = _sentence(finished.failure)
        self._settle_all()
        self._go_on()

    def _settle_all(self) -> None:
        for role, tile in self._tiles.items():
            self._settle(role, tile)
            self.changed.emit(role)

    def _settle(self, role: Role, tile: Tile) -> None:
        request = tile.request
        if request is None:
            self._tiles[role] = Tile()
            return
        tile.static = self._statics.get(_noise_of(request), tile.static)
        tile.unseen = self._unseen.get(_noise_of(request), "")
        if tile.unseen:
            tile.static = None
        # what is looked at is forgotten last
        if _noise_of(request) in self._statics:
            self._statics.move_to_end(_noise_of(request))
        if request in self._finals:
            self._finals.move_to_end(request)
        if request in self._runs:
            self._runs.move_to_end(request)
        tile.failure = self._refused.get(request, "")
        job = self._job
        if tile.failure:
            tile.state, tile.picture = "failed", None
        elif request in self._finals:
            tile.picture, tile.state = self._finals[request], "done"
            tile.draft = tile.guess = False
        elif job is not None and job.role == role and not job.cancel.is_set():
            tile.state = "running"
        else:
            tile.state = "waiting"


def _noise_of(request: SamplingRequest) -> object:
    """What decides the starting noise of a request: the same words change nothing in it."""
    return (request.seed, request.start, request.width, request.height)


def _sentence(failure: Failure) -> str:
    return failure.detail or failure.title


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def _keep(kept: OrderedDict[_Key, _Value], key: _Key, value: _Value, most: int) -> None:
    """Keep a value, and forget the oldest one."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
