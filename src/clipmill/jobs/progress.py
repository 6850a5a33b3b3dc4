"""From what a worker reports to what people see: a bar that never falls, with a time to go.

Convention: times on the meter's own clock are seconds that never jump; nothing follows the last event.
"""

import logging
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction

from clipmill.function.stages import Stage
from clipmill.jobs.events import Event, OnEvent, nobody
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.windows import MESSAGES, SINGLE_JOB, Windows, one_decimal, percent

_LOG = logging.getLogger(__name__)

CLOSEST_S = 0.1
FARTHEST_S = 2.0
_ETA_AFTER_S = 2.0
_BEAT_S = 0.25
_ORDER = tuple(Stage)
_TIMED = {
    "queue_s": Stage.QUEUED,
    "prepare_s": Stage.PREPARING,
    "process_s": Stage.PROCESSING,
    "encode_s": Stage.ENCODING,
    "publish_s": Stage.PUBLISHING,
}
_COUNTS_BYTES = frozenset({Stage.DOWNLOADING, Stage.UPLOADING})


@dataclass(frozen=True)
class _Frames:
    """Where the frames stood when they began to flow."""

    done: int
    at: float


class ProgressMeter:
    """Turns reports into events: at most ten a second, one every two seconds, the first and last of a stage always."""

    def __init__(
        self,
        job_id: str,
        on_event: OnEvent = nobody,
        windows: Windows = SINGLE_JOB,
        clock: Callable[[], float] = time.monotonic,
        messages: Mapping[Stage, str] = MESSAGES,
    ) -> None:
        self._on_event = on_event
        self._windows = windows
        self._messages = messages
        self._clock = clock
        self._lock = threading.RLock()
        self._now = Event(job_id, 0, "", Stage.QUEUED, 0.0, messages[Stage.QUEUED])
        self._percent = Fraction(0)
        self._told: tuple[Stage, float] | None = None
        self._pending = False
        self._finished = False
        self._first_frames: _Frames | None = None
        self._clip_frames: tuple[int, ...] = ()
        self._clip_parts: list[Fraction] = []
        self._spent: dict[Stage, float] = {}
        self._marked = clock()

    @property
    def timings(self) -> dict[str, float]:
        """Seconds spent so far, by the names that results use; the time before a report belongs to what it reports."""
        with self._lock:
            return {name: round(self._spent.get(stage, 0.0), 3) for name, stage in _TIMED.items()}

    def enter(self, stage: Stage, message: str | None = None) -> None:
        """Begin a stage; an attempt that begins anew may go back to an earlier one, the bar does not."""
        with self._lock:
            self._mark(self._now.stage)
            self._first_frames = None
            self._now = replace(self._now, frames_done=None, frames_total=None, eta_s=None)
            self._move(stage, Fraction(0), message)

    def report(self, done: int, total: int, stage: Stage) -> None:
        """How far a stage is: frames, or bytes while something is moved. A stage that lies behind is not told again."""
        with self._lock:
            if _ORDER.index(stage) < _ORDER.index(self._now.stage):
                return
            self._mark(stage)
            done, total = max(done, 0), max(total, 0)
            counts = {"bytes_done": done, "bytes_total": total} if stage in _COUNTS_BYTES else {}
            if stage is Stage.PROCESSING:
                counts = {"frames_done": done, "frames_total": total, "eta_s": self._eta(done, total)}
            self._now = replace(self._now, bytes_done=None, bytes_total=None, eta_s=None)
            self._now = replace(self._now, **counts)
            self._move(stage, Fraction(min(done, total), total) if total else Fraction(0), last=done >= total > 0)

    def expect_clips(self, frames: Sequence[int]) -> None:
        """Name the clips of a multi-clip job by how many output frames each has."""
        with self._lock:
            self._clip_frames = tuple(frames)
            self._clip_parts = [Fraction(0)] * len(frames)

    def report_clip(self, index: int, part: Fraction) -> None:
        """How much (0..1) of a clip is done; a clip from the cache is done at once."""
        with self._lock:
            self._clip_parts[index] = min(max(part, self._clip_parts[index]), Fraction(1))
            self._now = replace(self._now, clip_index=index, clips_total=len(self._clip_frames))
            done = sum(frames * part for frames, part in zip(self._clip_frames, self._clip_parts, strict=True))
            self.report(int(done), sum(self._clip_frames), Stage.PROCESSING)

    def finish(self, outcome: Outcome) -> None:
        """Tell the end: 100 with ``done``, else the error where the bar stands. Nothing is told after it."""
        with self._lock:
            self._now = replace(self._now, bytes_done=None, bytes_total=None, eta_s=None)
            if outcome.error is None:
                self._percent = Fraction(100)
                self._move(Stage.DONE, Fraction(1), last=True)
            else:
                stage = Stage.CANCELLED if outcome.error.code == Stage.CANCELLED else Stage.FAILED
                self._move(stage, Fraction(0), outcome.wire()["error"], last=True)
            self._finished = True

    def beat(self) -> None:
        """Tell what was held back, or say again how things stand once nothing was told for long."""
        with self._lock:
            if self._told is not None and self._clock() - self._told[1] >= (CLOSEST_S if self._pending else FARTHEST_S):
                self._tell()

    @contextmanager
    def beating(self) -> Generator[None]:
        """Keep telling until the block ends, even while the job itself is silent."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(_BEAT_S):
                self.beat()

        thread = threading.Thread(target=beat, name="clipmill-progress", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _move(self, stage: Stage, part: Fraction, message: str | None = None, *, last: bool = False) -> None:
        self._percent = max(self._percent, percent(self._windows, stage, part) or Fraction(0))
        text = self._messages.get(stage, stage.value) if message is None else message
        self._now = replace(self._now, stage=stage, progress=one_decimal(self._percent), message=text)
        fresh = self._told is None or self._told[0] is not stage or self._clock() - self._told[1] >= CLOSEST_S
        self._pending = True
        if fresh or last or message is not None:
            self._tell()

    def _mark(self, stage: Stage) -> None:
        now = self._clock()
        self._spent[stage] = self._spent.get(stage, 0.0) + now - self._marked
        self._marked = now

    def _tell(self) -> None:
        if self._finished:
            return
        self._told, self._pending = (self._now.stage, self._clock()), False
        self._now = replace(self._now, seq=self._now.seq + 1, time=_timestamp())
        try:
            self._on_event(self._now)
        except Exception:  # noqa: BLE001 - a job is not there for its listeners: their faults must not cost its work
            _LOG.exception("a listener failed at event %d of job %s", self._now.seq, self._now.job_id)

    def _eta(self, done: int, total: int) -> float | None:
        if self._first_frames is None:
            self._first_frames = _Frames(done, self._clock())
        first, spent = self._first_frames, self._clock() - self._first_frames.at
        if spent < _ETA_AFTER_S or done <= first.done:
            return None
        return round(max(total - done, 0) * spent / (done - first.done), 1)


def _timestamp() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
