"""A leased job on its way through a runner, from its submission to the end that is committed."""

import logging
import threading
from collections.abc import Callable

from clipmill.errors import CancelledError, ClipmillError, ConflictError, WorkerLostError
from clipmill.jobs.dispatch.carrier import Carrier
from clipmill.jobs.dispatch.evidence import used
from clipmill.jobs.dispatch.hold import Hold
from clipmill.jobs.events import Event
from clipmill.jobs.faults import typed
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.record import Lease
from clipmill.jobs.ledger.usage import Usage
from clipmill.jobs.machine import Machine
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.runner import Status

_LOG = logging.getLogger(__name__)

UNSURE_S = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Pauses between the questions to a shared runner that does not know a handle at once."""
_COMMIT_AGAIN_S = 1.0


class Carrying(threading.Thread):
    """Ends by itself with a commit, or without one once the lease is lost or the job was let go.

    What is let go stays leased, for the next process to take over.
    """

    def __init__(self, ledger: Ledger, carrier: Carrier, machine: Machine, lease: Lease) -> None:
        super().__init__(name=f"clipmill-{lease.job.id}", daemon=True)
        self.hold = Hold(ledger, lease, self._stop_work)
        self._carrier = carrier
        self._machine = machine
        self._handle: str | None = None
        self._let_go = threading.Event()

    def let_go(self) -> None:
        """Stop the work and tell nobody."""
        self._let_go.set()
        self._stop_work()

    def stop_work(self) -> None:
        """Stop the work at once; its end is told as ever."""
        self._stop_work()

    def run(self) -> None:
        try:
            outcome = self._outcome()
            self.hold.tell_rest()
            self._commit(outcome)
        except ConflictError as fault:
            _LOG.warning("job %s is no longer ours: %s", self.hold.job.id, fault.message)
        except Exception:
            # The lease runs out by itself, and whoever takes it over begins where we failed.
            _LOG.exception("job %s was dropped", self.hold.job.id)
