"""A worker's look at the flag by which its caller stops a run, since RunPod may lose a cancel between queue and start."""

import asyncio
import logging
import threading

from clipmill.errors import ClipmillError
from clipmill.storage.store import Store

_LOG = logging.getLogger(__name__)

LOOKED_EVERY_S = 1.0


class Flag:
    """An empty object under ``key``: there, the run is to stop."""

    def __init__(self, store: Store, key: str, every_s: float = LOOKED_EVERY_S) -> None:
        self._store = store
        self._key = key
        self._every_s = every_s

    async def watch(self, cancel: threading.Event) -> None:
        """Set ``cancel`` once the flag is there; runs until then or until it is cancelled itself."""
        while not cancel.is_set():
            if await asyncio.to_thread(self._is_up):
                cancel.set()
                return
            await asyncio.sleep(self._every_s)

    def lower(self) -> None:
        """Take the flag away: whoever put it there learns by this that the work has ended."""
        try:
            self._store.delete(self._key)
        except ClipmillError as fault:
            _LOG.warning("a flag is left at %s: %s", self._key, fault.message)

    def _is_up(self) -> bool:
        try:
            return self._store.exists(self._key)
        except ClipmillError as fault:
            _LOG.warning("the flag at %s cannot be looked for: %s", self._key, fault.message)
            return False
