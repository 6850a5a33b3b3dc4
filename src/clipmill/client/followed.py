"""One job of a runner as it is heard of: a thread listens, anyone may ask."""

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from clipmill.client.views import EventKind, JobState, RemoteEvent, RemoteJob
from clipmill.errors import ClipmillError, WorkerLostError
from clipmill.function.stages import Stage
from clipmill.jobs.dispatch.carrier import Carrier
from clipmill.jobs.events import Event
from clipmill.jobs.faults import typed
from clipmill.jobs.outcome import Outcome

EVENTS_KEPT = 200
_ENDS = frozenset({Stage.DONE, Stage.FAILED, Stage.CANCELLED})
_STATES = {Stage.QUEUED: JobState.QUEUED, Stage.PUBLISHING: JobState.PUBLISHING}


@dataclass(frozen=True)
class Sent:
    """A job on a runner; one that another process sent is known by its handle alone, which stands for its id too."""

    id: str
    handle: str
    function: str = ""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Followed:
    """Listens from the first moment on; text that is no handle of the runner is an error at once."""

    def __init__(self, carrier: Carrier, sent: Sent) -> None:
        self.sent = sent
        self._runner = carrier.name
        self._told = carrier.events(sent.handle)
        self._news = threading.Condition()
        self._events: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self._outcome: Outcome | None = None
        self._fault: ClipmillError | None = None
        threading.Thread(target=self._listen, name=f"clipmill-{sent.id:.40}", daemon=True).start()

    @property
    def outcome(self) -> Outcome | None:
        """How the job ended; None while it goes on."""
        return self._outcome

    @property
    def is_lost(self) -> bool:
        """Whether nothing more will be heard here, though the job may go on."""
        return self._fault is not None

    def newer(self, after: int, within_s: float) -> Sequence[RemoteEvent]:
        """What was heard behind event ``after``, waited for so long; ``done`` is the last."""
        with self._news:
            self._news.wait_for(lambda: self._is_over or self._behind(after), within_s)
            self._check()
            events = [self._as_told(event) for event in self._behind(after)]
            return events if self._outcome is None else [*events, self._done(self._outcome)]

    def looked_at(self, within_s: float, *, ended: bool = False) -> RemoteJob:
        """The job as it stands, once anything was heard of it, or its end, but no later than that."""
        with self._news:
            self._news.wait_for(lambda: self._is_over or (bool(self._events) and not ended), within_s)
            self._check()
            return seen(self.sent, self._runner, self._events[-1] if self._events else None, self._outcome)

    @property
    def _is_over(self) -> bool:
        return self._outcome is not None or self._fault is not None

    def _check(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _listen(self) -> None:
        try:
            for item in self._told:
                self._hear(item)
            if self._outcome is None:
                raise WorkerLostError(f"job {self.sent.id}: the runner told of no end.")  # noqa: TRY301 - told as others
        except BaseException as fault:  # noqa: BLE001 - whoever waits must hear of it
            with self._news:
                self._fault = typed(fault)
                self._news.notify_all()

    def _hear(self, item: Event | Outcome) -> None:
        with self._news:
            if isinstance(item, Outcome):
                self._outcome = item
            else:
                self._events.append(item)
            self._news.notify_all()

    def _behind(self, after: int) -> list[Event]:
        """The end is told by the outcome."""
        return [event for event in self._events if event.seq > after and event.stage not in _ENDS]

    def _as_told(self, event: Event) -> RemoteEvent:
        return RemoteEvent(self.sent.id, event.seq, EventKind.PROGRESS, event.to_json())

    def _done(self, outcome: Outcome) -> RemoteEvent:
        seq = 1 + max((event.seq for event in self._events if event.stage not in _ENDS), default=0)
        progress = self._events[-1].progress if self._events else 0.0
        told = {"job_id": self.sent.id, "seq": seq, "state": _state(None, outcome), "progress": progress}
        return RemoteEvent(self.sent.id, seq, EventKind.DONE, told | outcome.to_json())


def seen(sent: Sent, runner: str, latest: Event | None = None, outcome: Outcome | None = None) -> RemoteJob:
    """A job of a runner by the last that was heard of it; nothing yet, and it is queued."""
    failed = outcome is not None and outcome.error is not None
    return RemoteJob(
        id=sent.id,
        function=sent.function,
        state=_state(latest, outcome),
        stage=Stage.QUEUED if latest is None else latest.stage,
        percent=0.0 if latest is None else latest.progress,
        attempt=1 if outcome is None else outcome.attempts,
        created_at=sent.created_at,
        finished_at=None if outcome is None or latest is None else datetime.fromisoformat(latest.time),
        labels=sent.labels,
        result=None if outcome is None or failed else outcome.wire(),
        failure=outcome.wire() if outcome is not None and failed else None,
        data=({} if latest is None else latest.to_json()) | {"runner": runner, "handle": sent.handle},
    )


def _state(latest: Event | None, outcome: Outcome | None) -> JobState:
    if outcome is None:
        return JobState.QUEUED if latest is None else _STATES.get(latest.stage, JobState.RUNNING)
    if outcome.error is None:
        return JobState.SUCCEEDED
    return JobState.CANCELLED if outcome.error.code == Stage.CANCELLED else JobState.FAILED
