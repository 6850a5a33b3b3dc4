"""A leased job on its way through a runner, from its submission to the end that is committed."""

import logging
import threading
import time
from collections.abc import Callable

from clipmill.errors import (
    Cancelled,
    CancelledError,
    ClipmillError,
    ConflictError,
    StorageError,
    WorkerLostError,
)
from clipmill.jobs.dispatch.carrier import Carrier
from clipmill.jobs.dispatch.evidence import spent, used
from clipmill.jobs.dispatch.hold import Hold
from clipmill.jobs.faults import typed
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.record import Lease
from clipmill.jobs.ledger.usage import Usage
from clipmill.jobs.machine import Machine
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.runner import Status
from clipmill.jobs.stored_results import StoredResults

_LOG = logging.getLogger(__name__)

UNSURE_S = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Pauses between the questions to a shared runner that does not know a handle at once."""
_COMMIT_AGAIN_S = 1.0
_REFUSED_FOR_S = 1.0
"""A runner that shuts down is not asked again at once."""


class Carrying(threading.Thread):
    """Ends by itself with a commit, or without one once the lease is lost or the job was given back.

    An attempt that another holder began is followed where it goes on. Where nothing is left of it, a new one begins:
    a job that takes its process down with it must not do so for ever.
    """

    def __init__(
        self, ledger: Ledger, carrier: Carrier, machine: Machine, lease: Lease, on_end: Callable[[], None]
    ) -> None:
        super().__init__(name=f"clipmill-{lease.job.id}", daemon=True)
        self.ended = False
        self.hold = Hold(ledger, lease, self.stop_work)
        self._carrier = carrier
        self._machine = machine
        self._handle: str | None = None
        self._is_let_go = False
        self._is_refused = False
        self._on_end = on_end

    def stop_work(self) -> None:
        """Ask the runner to stop, as often as one likes; the end is told as ever."""
        if self._handle is None:
            return
        try:
            self._carrier.cancel(self._handle)
        except ClipmillError as fault:
            _LOG.warning("job %s could not be stopped: %s", self.hold.job.id, fault.message)

    def let_go(self) -> None:
        """Give the job back: work in this process is stopped before, work elsewhere goes on."""
        self._is_let_go = True
        if self._handle is not None and self._carrier.outlives(self._handle):
            self.hold.release(runs_on=True)
            self.ended = True
        else:
            self.stop_work()

    def run(self) -> None:
        try:
            self._commit(self._outcome())
        except ConflictError as fault:
            _LOG.warning("job %s is not ours any more: %s", self.hold.job.id, fault.message)
        except Exception as fault:  # noqa: BLE001 - the job must come to an end all the same
            _LOG.exception("job %s could not be carried to its end", self.hold.job.id)
            self._give_up(fault)
        finally:
            self.ended = True
            self._on_end()

    def _outcome(self) -> Outcome:
        try:
            if self.hold.job.cancel_requested:
                return Outcome(error=CancelledError(f"job {self.hold.job.id} was cancelled."))
            if (handle := self._found()) is None and self.hold.is_inherited:
                if (known := self._stored()) is not None:
                    return known
                self.hold.begin_again()
            return self._followed(handle or self._begun())
        except ConflictError:
            raise
        except ClipmillError as fault:
            return Outcome(error=fault)
        finally:
            self.hold.tell_rest()

    def _found(self) -> str | None:
        """The handle that a holder before us wrote down, if the runner knows it."""
        handle = self.hold.job.handle
        if handle is None:
            return None
        for pause_s in (*UNSURE_S, None) if self._carrier.outlives(handle) else (None,):
            if self._carrier.status(handle) is not Status.UNKNOWN:
                return handle
            if pause_s is not None:
                time.sleep(pause_s)
        return None

    def _stored(self) -> Outcome | None:
        """What the job came to, if it had come to its end when its holder died."""
        try:
            return StoredResults(self._machine.store).find(self.hold.job.job())
        except ConflictError:
            return None

    def _begun(self) -> str:
        """Hand the job over, its handle written down before where that can be."""
        job = self.hold.job.job()
        if (known := self._carrier.handle_of(job)) is not None:
            self.hold.keep_handle(known)
        try:
            handle = self._carrier.submit(job, self.hold.pass_gate)
        except Cancelled:
            self._is_refused = True
            raise
        if handle != known:
            self.hold.keep_handle(handle)
        return handle

    def _followed(self, handle: str) -> Outcome:
        self._handle = handle
        if self._is_let_go:
            self.let_go()
        elif self.hold.is_to_stop:
            self.stop_work()
        for item in self._carrier.events(handle, self.hold.heard):
            if isinstance(item, Outcome):
                return item
            self.hold.tell(item)
        raise WorkerLostError(f"job {self.hold.job.id}: the runner told of no end.")

    def _commit(self, outcome: Outcome) -> None:
        if isinstance(outcome.error, Cancelled) and not self.hold.job.cancel_requested and self._is_turned_away:
            self.hold.release(wait_s=_REFUSED_FOR_S if self._is_refused else 0)
            return
        outcome, usage = self._believed(outcome)
        while True:
            try:
                self.hold.commit(outcome, usage)
            except StorageError as fault:
                # A full disk or a busy database may pass; what was rendered is worth the wait.
                _LOG.warning("the end of job %s is not written down yet: %s", self.hold.job.id, fault.message)
                if self._is_let_go:
                    return
                time.sleep(_COMMIT_AGAIN_S)
            else:
                return

    @property
    def _is_turned_away(self) -> bool:
        """Whether the work stopped, or never began, since this process or its runner shuts down."""
        return self._is_let_go or self._is_refused

    def _believed(self, outcome: Outcome) -> tuple[Outcome, Usage | None]:
        told = outcome.to_json()
        if outcome.error is not None:
            return outcome, spent(self.hold.job, told, self._machine) if told["timings"] else None
        try:
            return outcome, used(self.hold.job, told["result"], self._machine)
        except ClipmillError as fault:
            return Outcome(error=fault), spent(self.hold.job, told["result"], self._machine)

    def _give_up(self, fault: Exception) -> None:
        """Tell of a bug; if that fails too, the lease runs out and somebody else begins where we failed."""
        try:
            self.hold.commit(Outcome(error=typed(fault)), None)
        except Exception:  # noqa: BLE001 - nobody is left to tell
            _LOG.exception("job %s was dropped", self.hold.job.id)
