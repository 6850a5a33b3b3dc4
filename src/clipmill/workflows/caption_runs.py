"""One run of a step: locked, claimed, worked on, and written down as it ended.

Whatever happens, the lock goes back and the fault that the caller sees is the first one.
"""

import logging
import secrets
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from clipmill.errors import ClipmillError, LockHeldError, LockLostError, RunnerError
from clipmill.function.caption_shapes import CaptionAnswer
from clipmill.jobs.caption_book.holding import Holding
from clipmill.jobs.caption_book.locks import Database
from clipmill.jobs.caption_book.steps import LOCKED, StepKey
from clipmill.jobs.job import Job, new_job_id
from clipmill.jobs.outcome import Outcome
from clipmill.media.captions.keys import VideoKeys
from clipmill.media.captions.states import SKIPPED, Status, status_text
from clipmill.storage.redact import redact
from clipmill.workflows.caption_calls import TIMEOUTS_S, Expected, gpu_call
from clipmill.workflows.caption_place import FlowPlace

_LOG = logging.getLogger(__name__)

PAUSES_S = (1, 2, 4)
"""Before each repetition of a write that the store did not take."""
LOOKED_AGAIN_S = 0.25
RANGE_CHANGED = {"status": "skipped", "reason": "range_changed"}

Result = dict[str, Any]


@dataclass
class Run:
    """A step in work: ``token`` is needed to write how it ends."""

    place: FlowPlace
    video: VideoKeys
    key: StepKey
    token: str
    holding: Holding | None = None
    _raised_remotely: ClipmillError | None = None

    def call(self, function: str, request: Mapping[str, Any]) -> Result:
        """What a function answers that needs no graphics card."""
        return self._told(self.place.call(self._job(function, request), TIMEOUTS_S[function]))

    def gpu(self, function: str, request: Mapping[str, Any], expected: Expected, shape: type[CaptionAnswer]) -> Result:
        """What a function on a graphics card answers, checked."""
        answer = self._told(gpu_call(self.place, self._job(function, request), expected))
        own = {name: value for name, value in answer.items() if name != "timings"}
        checked = shape.from_dict(own).to_dict()
        return {name: value for name, value in checked.items() if name != "status"}

    def check(self) -> None:
        """Before every write: `LockLostError` once the lock of this run is gone."""
        if self.holding is not None:
            self.holding.check()

    def note(self, **facts: Any) -> None:
        """Keep what was found out about the video; that it could not be kept is no fault of the run."""
        for updates in (self.place.book.videos, self.place.updates):
            if updates is not None:
                self._note(updates.update_video_metadata, facts)

    def begin(self) -> None:
        """Tell the host that the step is in work."""
        self._tell(Status.PROCESSING)

    def finish(self) -> None:
        """All is stored."""
        self.check()
        persistently(lambda: self.place.book.steps.finish(self.key, self.token), self.place)
        self._tell(Status.READY)

    def fail(self, fault: BaseException) -> None:
        """Write down why it ended; a fault on the way is logged, for the first one is what matters."""
        text = self.text(fault)
        try:
            persistently(lambda: self.place.book.steps.fail(self.key, self.token, text), self.place)
        except LockLostError as lost:
            _LOG.warning("video %s: its error was not written down: %s", self.video.video_id, lost)
            return
        except Exception as further:  # noqa: BLE001 - it must not hide the fault that is being told
            _LOG.warning("video %s: its error was not written down: %s", self.video.video_id, further)
        self._tell(Status.ERROR, text)

    def text(self, fault: BaseException) -> str:
        """What people read about a fault."""
        remote = fault is self._raised_remotely
        return redact(status_text(fault, self.place.platform, raised_remotely=remote))

    def _job(self, function: str, request: Mapping[str, Any]) -> Job:
        return Job(new_job_id(), function, request, self.video.tenant_id, kept=False)

    def _told(self, outcome: Outcome) -> Result:
        if outcome.error is not None and not isinstance(outcome.error, RunnerError):
            self._raised_remotely = outcome.error
        return outcome.value()

    def _note(self, update: Callable[..., None], facts: Mapping[str, Any]) -> None:
        try:
            persistently(lambda: update(self.video.video_id, **facts), self.place)
        except Exception as fault:  # noqa: BLE001 - what was made is worth more than what is noted of it
            _LOG.warning("video %s: %s were not kept: %s", self.video.video_id, ", ".join(facts), fault)

    def _tell(self, status: Status, error: str | None = None) -> None:
        updates = self.place.updates
        if updates is None:
            return
        try:
            persistently(lambda: updates.update_video_status(self.video.video_id, status, error), self.place)
        except Exception as fault:  # noqa: BLE001 - the book knows the status; the host hears of it next time
            _LOG.warning("video %s: the host was not told that it is %s: %s", self.video.video_id, status, fault)


Work = Callable[[Run], Result]


def locked_run(place: FlowPlace, video: VideoKeys, key: StepKey, work: Work) -> Result:
    """Do a step under the lock that it needs throughout."""
    token = secrets.token_hex(16)
    database = LOCKED[key.step]
    lock = place.book.locks.acquire(video.video_id, database, token)
    if lock is None:
        row = place.book.steps.get(key)
        if row is not None and row.state.status is Status.PROCESSING:
            return dict(SKIPPED)
        raise _held(video, database)
    with Holding(place.book.locks, lock) as holding:
        return _claimed(Run(place, video, key, token, holding), work)


def claimed_run(place: FlowPlace, video: VideoKeys, key: StepKey, work: Work) -> Result:
    """Do a step that locks nothing until it writes."""
    return _claimed(Run(place, video, key, secrets.token_hex(16)), work)


@contextmanager
def lock_within(run: Run, database: Database, most_s: float) -> Generator[Holding]:
    """A lock for the length of a block, waited for."""
    locks, pause = run.place.book.locks, run.place.pause
    for _ in range(int(most_s / LOOKED_AGAIN_S)):
        if (lock := locks.acquire(run.video.video_id, database, run.token)) is not None:
            break
        pause(LOOKED_AGAIN_S)
    else:
        raise _held(run.video, database)
    with Holding(locks, lock) as holding:
        yield holding


def persistently(write: Callable[[], object], place: FlowPlace) -> None:
    """Write, up to three times again if the store does not take it; a refusal is final."""
    for pause_s in PAUSES_S:
        try:
            write()
        except Exception as fault:
            final = isinstance(fault, LockLostError) or (isinstance(fault, ClipmillError) and not fault.retryable)
            if final:
                raise
            _LOG.warning("a write is tried again in %d s: %s", pause_s, fault)
            place.pause(pause_s)
        else:
            return
    write()


def _claimed(run: Run, work: Work) -> Result:
    steps = run.place.book.steps
    steps.queue_for_run(run.key, by_person=run.place.by_person)
    if not steps.claim(run.key, run.token):
        return dict(SKIPPED)
    try:
        run.begin()
        result = work(run)
        run.finish()
    except BaseException as fault:
        run.fail(fault)
        raise
    return {"status": Status.READY.value} | result


def _held(video: VideoKeys, database: Database) -> LockHeldError:
    return LockHeldError(
        f"{database} of video {video.video_id}: somebody else holds its lock, so nothing was started or written. "
        "Try again when they are done; a lock that was left is free after its lease."
    )
