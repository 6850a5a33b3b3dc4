"""The thread that has the ledger forget what is old."""

import logging
import threading

from clipmill.errors import ClipmillError
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.retention import Retention

_LOG = logging.getLogger(__name__)

EVERY_S = 600.0
_BREATH_S = 0.05
"""Between two batches, for those who write in the meantime."""


class Sweeper:
    """Looks at the start and every ten minutes, and goes on until nothing old is left."""

    def __init__(self, ledger: Ledger, kept: Retention) -> None:
        self._ledger = ledger
        self._kept = kept
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clipmill-sweeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return when the batch under way is done."""
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            self._over.wait(_BREATH_S if self._went_on() else EVERY_S)

    def _went_on(self) -> bool:
        """Whether something was forgotten; if so, there may be more."""
        try:
            return self._ledger.forget(self._kept) > 0
        except ClipmillError as fault:
            _LOG.warning("nothing old is forgotten for now: %s", fault.message)
        except Exception:  # noqa: BLE001 - one bad turn must not end the thread
            _LOG.exception("nothing old is forgotten for now")
        return False
