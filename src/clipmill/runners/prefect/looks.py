"""What the server tells of all runs that are followed, asked for together: two questions, however many watch."""

import threading
import time
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from clipmill.errors import CancelledError, ClipmillError
from clipmill.runners.prefect import board, runs
from clipmill.runners.prefect.api import Api
from clipmill.runners.prefect.board import Told
from clipmill.runners.prefect.runs import Run


@dataclass(frozen=True)
class Look:
    """A run as it stood, None if the server has none of that id, and what it had told by then."""

    run: Run | None = None
    told: Told = field(default_factory=Told)


class Looks:
    """Whoever looks first asks for everybody; the others take the same answer for ``fresh_s``, also if it is a fault."""

    def __init__(self, api: Api, fresh_s: float) -> None:
        self._api = api
        self._fresh_s = fresh_s
        self._lock = threading.Lock()
        self._followed: Counter[str] = Counter()
        self._seen: Mapping[str, Look] = {}
        self._fault: ClipmillError | None = None
        self._until = 0.0
        self._closed = False

    @contextmanager
    def following(self, run_id: str) -> Generator[None]:
        """Have a run asked for as long as the block lasts."""
        with self._lock:
            self._followed[run_id] += 1
            # What is known does not tell of it.
            self._until = 0.0
        try:
            yield
        finally:
            with self._lock:
                self._followed -= Counter([run_id])

    def look(self, run_id: str) -> Look:
        """How a run that is followed stands; `CancelledError` once nobody is to ask any more."""
        with self._lock:
            if self._closed:
                raise CancelledError(
                    f"run {run_id} is not followed any more: this process shuts down. The run goes on."
                )
            if time.monotonic() >= self._until:
                self._ask()
            if self._fault is not None:
                raise self._fault
            return self._seen.get(run_id, Look())

    def close(self) -> None:
        with self._lock:
            self._closed = True

    def _ask(self) -> None:
        ids = list(self._followed)
        try:
            found, told = runs.of_ids(self._api, ids), board.of_runs(self._api, ids)
        except ClipmillError as fault:
            self._fault = fault
        else:
            self._fault = None
            self._seen = {run_id: Look(run, told.get(run_id, Told())) for run_id, run in found.items()}
        self._until = time.monotonic() + self._fresh_s
