"""The thread that empties the outbox.

What it has claimed and not settled, since the process died, comes back to the outbox by itself and is sent again under
the same id.
"""

import asyncio
import json
import logging
import threading
from contextlib import suppress
from dataclasses import dataclass

from clipmill.errors import ClipmillError, InternalError, StorageUnavailableError
from clipmill.jobs.ledger.moments import Clock, now_utc
from clipmill.jobs.ledger.outbox import Delivery, Outbox
from clipmill.jobs.webhooks.addresses import parse_target
from clipmill.jobs.webhooks.post import GONE, Letter, Post
from clipmill.jobs.webhooks.signing import signed

_LOG = logging.getLogger(__name__)

WITHIN_S = 15.0
LOOKS_EVERY_S = 2.0
_AT_ONCE = 32


@dataclass(frozen=True)
class _Loop:
    """What other threads need of a running sender."""

    events: asyncio.AbstractEventLoop
    woken: asyncio.Event


class Sender:
    """Sends what is due, several messages at once, so that a slow address holds up no other one."""

    def __init__(self, outbox: Outbox, post: Post, clock: Clock = now_utc, at_once: int = _AT_ONCE) -> None:
        self._outbox = outbox
        self._post = post
        self._clock = clock
        self._at_once = at_once
        self._thread: threading.Thread | None = None
        self._loop: _Loop | None = None
        self._stopping = threading.Event()
        self._under_way: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to send, in a thread of its own."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="clipmill-webhooks", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something new may be due; may be called from any thread, at any time."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # it has just been closed
                loop.events.call_soon_threadsafe(loop.woken.set)

    def stop(self, drain_s: float = WITHIN_S) -> None:
        """Claim nothing more, and give up after ``drain_s`` what is still under way: it is sent again later."""
        self._drain_s = drain_s
        self._stopping.set()
        self.wake()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
