"""The sign of life of a run: an event every few seconds, without which the server takes the run's machine for gone."""

import logging
import threading
from datetime import UTC, datetime
from uuid import uuid4

from clipmill.errors import ClipmillError
from clipmill.runners.prefect.api import Api
from clipmill.runners.prefect.watches import BEAT

_LOG = logging.getLogger(__name__)

BEAT_S = 10.0
"""Prefect's own beat cannot come more often than every 30 s, too seldom to miss one and still be quick."""


class Pulse:
    """A thread of its own: whoever tells of the work may have to wait for a busy server, and the run lives all the same."""

    def __init__(self, api: Api, run_id: str, beat_s: float = BEAT_S) -> None:
        self._api = api
        self._run = run_id
        self._beat_s = beat_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat_until_over, name="clipmill-pulse", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return when no beat is on its way any more: one behind the end would be taken for a new beginning."""
        self._over.set()
        self._thread.join()

    def _beat_until_over(self) -> None:
        while not self._over.is_set():
            self._beat()
            self._over.wait(self._beat_s)

    def _beat(self) -> None:
        event = {
            "id": str(uuid4()),
            "occurred": datetime.now(UTC).isoformat(),
            "event": BEAT,
            "resource": {"prefect.resource.id": f"prefect.flow-run.{self._run}"},
        }
        try:
            self._api.ask("POST", "/events", [event])
        except ClipmillError as fault:
            _LOG.warning("that run %s lives cannot be told for now: %s", self._run, fault.message)
