"""The loop that keeps a runner busy: leases are renewed, taken over and begun, each job carried by a thread of its own."""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable

from clipmill.errors import ClipmillError
from clipmill.function.needs import Gpu
from clipmill.jobs.dispatch.carrier import Carrier
from clipmill.jobs.dispatch.carrying import Carrying
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.leases import Capacity
from clipmill.jobs.ledger.record import JobRecord, Lease
from clipmill.jobs.machine import Machine
from clipmill.jobs.scratch import sweep

_LOG = logging.getLogger(__name__)

IDLE_S = 1.0
_TIDIED_EVERY_S = 10.0
_LAST_WORDS_S = 5.0


class Dispatcher:
    """Holds as many leases as its runner has places. All waiting for news ends with `wake`."""

    def __init__(self, ledger: Ledger, carrier: Carrier, machine: Machine, per_tenant: int | None = None) -> None:
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._ledger = ledger
        self._carrier = carrier
        self._machine = machine
        # A class of GPU says what a job would like; on this machine all classes share the places.
        places = dict.fromkeys(Gpu, carrier.places)
        self._capacity = Capacity(carrier.name, places, per_tenant, shared=carrier.shared)
        self._carried: dict[str, Carrying] = {}
        self._news = threading.Event()
        self._stopping = threading.Event()
        self._over = threading.Event()
        self._answers = False
        self._tidied_at: float | None = None
        self._loop = threading.Thread(target=self._run, name="clipmill-dispatch", daemon=True)

    @property
    def ready(self) -> bool:
        """Whether jobs are begun: the loop runs and the ledger answered it."""
        return self._answers and self._loop.is_alive() and not self._stopping.is_set()

    @property
    def carried(self) -> int:
        """How many jobs are under way here."""
        return len(self._carried)

    def start(self) -> None:
        self._loop.start()

    def wake(self) -> None:
        self._news.set()

    def stop_job(self, job: JobRecord) -> None:
        """Stop the work on a job that is to be cancelled, if it is done here."""
        carrying = self._carried.get(job.id)
        if carrying is not None and job.cancel_requested:
            carrying.stop_work()

    def stop(self, drain_s: float) -> None:
        """Begin nothing more, wait so long for what is under way, then let go of the rest."""
        self._stopping.set()
        self._await(drain_s)
        for carrying in self._under_way():
            carrying.let_go()
        self._await(_LAST_WORDS_S)
        self._over.set()
        self.wake()
        if self._loop.ident is not None:
            self._loop.join()

    def settle(self) -> None:
        """Wait for the last words of what was let go, once its runner is closed."""
        self._await(_LAST_WORDS_S)

    def _under_way(self) -> list[Carrying]:
        return [carrying for carrying in list(self._carried.values()) if not carrying.ended]

    def _await(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        for carrying in self._under_way():
            carrying.join(max(until - time.monotonic(), 0))

    def _run(self) -> None:
        while not self._over.is_set():
            self._news.clear()
            try:
                self._turn()
                self._answers = True
            except ClipmillError as fault:
                self._answers = False
                _LOG.warning("jobs are not dispatched: %s", fault.message)
            except Exception:  # noqa: BLE001 - the loop must outlive its faults
                self._answers = False
                _LOG.exception("jobs are not dispatched")
            self._news.wait(min([IDLE_S, *(carrying.hold.pause_s / 2 for carrying in self._under_way())]))

    def _turn(self) -> None:
        """Keep what we have, then take what we can."""
        self._carried = {carrying.hold.job.id: carrying for carrying in self._under_way()}
        for carrying in self._under_way():
            carrying.hold.keep_alive()
        if self._stopping.is_set():
            return
        self._take(self._found, self._taken_over)
        self._take(lambda: self._ledger.lease(self.owner, self._capacity), self._begun)
        self._tidy()

    def _take(self, ask: Callable[[], Lease | None], begin: Callable[[Lease], None]) -> None:
        while len(self._under_way()) < self._carrier.places and (lease := ask()) is not None:
            begin(lease)

    def _found(self) -> Lease | None:
        """A job whose holder is gone. To take our own from under a worker would make its gate refuse it."""
        return self._ledger.take_over(self.owner, [carrying.hold.job.id for carrying in self._under_way()])

    def _begun(self, lease: Lease) -> None:
        carrying = Carrying(self._ledger, self._carrier, self._machine, lease, self.wake)
        self._carried[lease.job.id] = carrying
        carrying.start()

    def _taken_over(self, lease: Lease) -> None:
        _LOG.info("job %s: the lease of its last holder ran out, it is carried on", lease.job.id)
        # Its holder may have died, and what it had in scratch is in nobody's way but takes space.
        sweep(self._machine.scratch_root)
        self._begun(lease)

    def _tidy(self) -> None:
        now = time.monotonic()
        if self._tidied_at is None or now - self._tidied_at >= _TIDIED_EVERY_S:
            self._tidied_at = now
            while self._ledger.expire() is not None:
                pass
