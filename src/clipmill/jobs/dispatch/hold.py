"""One job in the hands of this process: its lease, kept alive, and what may be told and published under it."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from clipmill.errors import CancelledError, ClipmillError, ConflictError
from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.record import JobRecord, Lease
from clipmill.jobs.ledger.usage import Usage
from clipmill.jobs.outcome import Outcome

_LOG = logging.getLogger(__name__)

TOLD_EVERY_S = 0.25
LOOKED_EVERY_S = 1.0
_LONGEST_PAUSE_S = 10.0
_RENEWALS_OF_A_LEASE = 4
_ENDS = frozenset({Stage.DONE, Stage.FAILED, Stage.CANCELLED})


class Hold:
    """Used by the thread that carries the job, the one that keeps leases alive, and the gate of the job.

    ``job`` is the job as it was last heard of, ``pause_s`` the time between two renewals; ``on_stop`` is called, perhaps
    again and again, once the work is to end.
    """

    def __init__(self, ledger: Ledger, lease: Lease, on_stop: Callable[[], None]) -> None:
        self.job = lease.job
        self.lost = threading.Event()
        self._ledger = ledger
        self._lease = lease
        self._on_stop = on_stop
        self.pause_s = _pause_s(lease)
        self._passed = False
        self._offset = 0
        self._pending: Event | None = None
        self._told_at = 0.0
        self._told_stages = set[Stage]()
        self._looked_at = self._renewed_at = time.monotonic()

    @property
    def is_inherited(self) -> bool:
        """Whether the attempt was begun by an earlier holder."""
        return self._lease.inherited

    @property
    def is_to_stop(self) -> bool:
        return self.lost.is_set() or self.job.cancel_requested

    @property
    def heard(self) -> int:
        """The number of the last event, as the runner counts, that the ledger knows."""
        return self.job.heard_seq - self._offset

    def keep_handle(self, handle: str) -> None:
        """Write down where the work will be found; what is told from now on begins again at event 1."""
        self._offset = self.job.heard_seq
        self.job = self._ledger.keep_handle(self._lease, handle)

    def begin_again(self) -> None:
        """Count a new attempt, as the inherited one is lost; `WorkerLostError` if it was the last one."""
        self.job = self._ledger.begin_again(self._lease)

    def release(self, *, runs_on: bool = False, wait_s: float = 0.0) -> None:
        """Give the job to whoever comes next; if the ledger does not answer, the lease runs out instead."""
        try:
            self._ledger.release(self._lease, runs_on=runs_on, wait=timedelta(seconds=wait_s))
        except ClipmillError as fault:
            _LOG.warning("job %s was not given back: %s", self.job.id, fault.message)
        self.lost.set()

    def tell(self, event: Event) -> None:
        """Pass on the first word of each stage, and a few events a second; `tell_rest` passes the newest held back."""
        if event.stage in _ENDS:
            # The commit tells the end.
            return
        self._pending = event
        if event.stage not in self._told_stages or time.monotonic() - self._told_at >= TOLD_EVERY_S:
            self.tell_rest()

    def tell_rest(self) -> None:
        """Pass on what was held back. A ledger that does not answer costs the event, not the work."""
        event, self._pending = self._pending, None
        if event is None or self.lost.is_set():
            return
        self._told_at = self._looked_at = time.monotonic()
        self._told_stages.add(event.stage)
        shifted = replace(event, seq=event.seq + self._offset)
        self._hear(lambda: self._ledger.report(self._lease, shifted))

    def pass_gate(self) -> None:
        """The gate of the job: `ConflictError` once somebody else has it, `CancelledError` if it is to stop."""
        self.job = self._ledger.begin_publishing(self._lease)
        self._passed = True

    def commit(self, outcome: Outcome, used: Usage | None) -> JobRecord:
        """Write down how the attempt ended; `ConflictError` if that is another one's to say by now."""
        if outcome.error is None and not self._passed:
            # Nothing was published by this attempt, its outputs were there before.
            try:
                self.pass_gate()
            except CancelledError as cancelled:
                outcome = Outcome(error=cancelled)
        return self._ledger.commit(self._lease, outcome, used)

    def keep_alive(self) -> None:
        """Renew the lease long before it runs out, and look now and then whether the job is to stop."""
        now = time.monotonic()
        if now - self._renewed_at >= self.pause_s:
            self._hear(self._renew)
        elif now - self._looked_at >= LOOKED_EVERY_S:
            self._looked_at = now
            self._hear(self._look)
        if self.is_to_stop:
            self._on_stop()

    def _renew(self) -> JobRecord:
        lease = self._ledger.renew(self._lease)
        self._renewed_at = self._looked_at = time.monotonic()
        return lease.job

    def _look(self) -> JobRecord:
        job = self._ledger.get(self.job.tenant, self.job.id)
        if job.lease_token != self._lease.token:
            raise ConflictError(f"job {job.id} was taken over by {job.lease_owner}.")
        return job

    def _hear(self, tell: Callable[[], JobRecord]) -> None:
        try:
            self.job = tell()
        except ConflictError as fault:
            _LOG.warning("%s", fault.message)
            self.lost.set()
        except Exception as fault:  # noqa: BLE001 - whatever is wrong with the ledger, the work goes on
            _LOG.warning("job %s: the ledger was not told: %s", self.job.id, fault)
        if self.is_to_stop:
            self._on_stop()


def _pause_s(lease: Lease) -> float:
    """How long to wait between two renewals."""
    until = lease.job.lease_until or datetime.now(UTC)
    return min((until - datetime.now(UTC)).total_seconds() / _RENEWALS_OF_A_LEASE, _LONGEST_PAUSE_S)
