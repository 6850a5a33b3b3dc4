"""How long one job of RunPod has been forgotten, silent, or asked to stop, and when that is long enough.

Convention: times are seconds on a clock that never jumps.
"""

import logging
import time
from dataclasses import dataclass

from clipmill.errors import ClipmillError, WorkerLostError
from clipmill.jobs.outcome import Outcome

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """How often a job is looked at, how long a stopped one may take to end, how long no answer is believed.

    ``forgotten_s`` is how long RunPod must have said that it knows nothing of a job, ``unsure_s`` how long it must have
    said nothing at all, before the job counts as lost.
    """

    look_s: float = 1.0
    stop_s: float = 15.0
    forgotten_s: float = 10.0
    unsure_s: float = 24 * 3600.0


class Watch:
    """Counts how long one job has been forgotten, silent, or asked to stop."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._heard_at = time.monotonic()
        self._forgotten_at: float | None = None
        self._stopping_at: float | None = None

    def answered(self, *, known: bool) -> None:
        self._heard_at = time.monotonic()
        self._forgotten_at = None if known else self._forgotten_at or self._heard_at

    def unsure(self, fault: ClipmillError) -> None:
        _LOG.warning("a job's state is not known for now: %s", fault.message)

    @property
    def waits_for_stop(self) -> bool:
        self._stopping_at = self._stopping_at or time.monotonic()
        return time.monotonic() - self._stopping_at < self._patience.stop_s

    def verdict(self, job_id: str) -> Outcome | None:
        """Lost, once nothing has been known of the job for long enough; its result was looked for before."""
        now = time.monotonic()
        forgotten = self._forgotten_at is not None and now - self._forgotten_at >= self._patience.forgotten_s
        if forgotten or now - self._heard_at >= self._patience.unsure_s:
            return Outcome(error=WorkerLostError(f"job {job_id}: RunPod knows nothing of it, and no result is kept."))
        return None
