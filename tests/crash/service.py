"""A service without HTTP in a process of its own, to be killed: ``python -m tests.crash.service FOLDER LEASE_S``.

It serves ``store`` and ``ledger.db`` of the folder until it is killed, or told to stop by a line on stdin. Every message
that leaves is a line in ``sent.txt``, as the receiver of a webhook would note it.
"""

import os
import sys
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from tests.crash import functions
from tests.crash.rendering import RENDERING
from tests.jobs.machines import limits
from tests.jobs.sample_functions import CATALOGUE

from clipmill.jobs.dispatch import Service
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.database import open_engine
from clipmill.jobs.ledger.schema import upgrade
from clipmill.jobs.machine import Machine
from clipmill.runners.local import LocalRunner
from clipmill.runners.with_workflows import WithWorkflows
from clipmill.storage.folder import FolderStore
from clipmill.storage.retry import RetryPolicy
from clipmill.storage.store import Store
from clipmill.workflows.export_multi_clip import export_multi_clip

PLACES = 2


def main(folder: Path, lease_s: float) -> None:
    """Serve until the end of stdin."""
    service = serve(folder, lease_s, FolderStore(folder / "store"))
    service.start()
    print("up", flush=True)
    sys.stdin.read()
    service.stop(drain_s=0)


def serve(folder: Path, lease_s: float, store: Store) -> Service:
    """A service on the ledger and the scratch of a folder."""
    ledger = ledger_in(folder, lease_s)
    machine = Machine(
        store=store,
        catalogue={**RENDERING, **CATALOGUE, **functions.CATALOGUE},
        scratch_root=folder / "scratch",
        limits=limits(),
        retry=RetryPolicy(pauses_s=()),
        environment=os.environ,
    )
    runner = LocalRunner(machine, PLACES)
    carrier = WithWorkflows(runner, runner.machine, {"export_multi_clip": partial(export_multi_clip, cache_bytes=0)})
    return Service(ledger, runner.machine, carrier, companions=[Sender(ledger, folder / "sent.txt")])


def ledger_in(folder: Path, lease_s: float) -> Ledger:
    """The ledger of a folder, with leases as short as a test can wait for."""
    engine = open_engine(f"sqlite:///{folder}/ledger.db")
    upgrade(engine)
    return Ledger(engine, leased_for=timedelta(seconds=lease_s))


@dataclass
class Sender:
    """Sends messages by writing them down."""

    ledger: Ledger
    sent: Path
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._send, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _send(self) -> None:
        while not self._over.wait(0.2):
            for delivery in self.ledger.outbox.claim():
                with self.sent.open("a") as file:
                    file.write(f"{delivery.message_id} {delivery.payload['data']['id']}\n")
                self.ledger.outbox.ack(delivery, 200)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
