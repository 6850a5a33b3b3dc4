"""The events of one job in order, out of notes that repeat and overtake each other and may come from several runs."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
from clipmill.jobs.outcome import Outcome
from clipmill.runners.runpod.notes import Note

_ENDS = frozenset({Stage.DONE, Stage.FAILED, Stage.CANCELLED})


class Course:
    """Tells events behind number ``after``. A run that begins anew is counted on, and its bar does not fall."""

    def __init__(self, job_id: str, after: int) -> None:
        self._job_id = job_id
        self._seq = after
        self._base = 0
        self._note: Note | None = None
        self._progress = 0.0
        self._ended = False

    def news(self, note: Note | None) -> Iterator[Event]:
        """What a note tells that was not told yet."""
        if note is None or self._is_overtaken(note):
            return
        if self._note is not None and note.run != self._note.run:
            self._base = self._seq
        self._note = note
        for event in note.events:
            seq = self._base + event.seq
            if seq > self._seq and not self._ended:
                yield self._told(replace(event, job_id=self._job_id, seq=seq))

    def end(self, outcome: Outcome) -> Iterator[Event]:
        """The last event, unless it was told already."""
        if self._ended:
            return
        stage = Stage.DONE
        if outcome.error is not None:
            stage = Stage.CANCELLED if outcome.error.code == Stage.CANCELLED else Stage.FAILED
        done = outcome.error is None
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        text = stage.value if done else outcome.wire()["error"]
        yield self._told(Event(self._job_id, self._seq + 1, now, stage, 100.0 if done else self._progress, text))

    def _is_overtaken(self, note: Note) -> bool:
        known = self._note
        return known is not None and note.run != known.run and note.started < known.started

    def _told(self, event: Event) -> Event:
        self._seq = event.seq
        self._progress = max(self._progress, event.progress)
        self._ended = event.stage in _ENDS
        return replace(event, progress=self._progress)
