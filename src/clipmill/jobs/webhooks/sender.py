"""The thread that sends what the ledger has for the outside.

What it claimed and did not settle before its process died comes back by itself, and is sent again under the same id.
"""

import asyncio
import logging
import threading
from contextlib import suppress
from typing import Any

from clipmill.errors import ClipmillError, InternalError
from clipmill.jobs.ledger.callbacks import Callbacks
from clipmill.jobs.ledger.moments import Clock, now_utc
from clipmill.jobs.ledger.outbox import Outbox
from clipmill.jobs.webhooks.lanes import MESSAGE_WITHIN_S, Calls, Lane, Messages
from clipmill.jobs.webhooks.post import Post

_LOG = logging.getLogger(__name__)

LOOKS_EVERY_S = 2.0
"""What this process writes wakes the sender; so often it looks for what others wrote, and for what is due again."""
_AT_ONCE = 32


class Sender:
    """Sends what is due, at most ``at_once`` of a kind at a time; a slow address holds up no other one."""

    def __init__(
        self,
        outbox: Outbox,
        post: Post,
        clock: Clock = now_utc,
        at_once: int = _AT_ONCE,
        callbacks: Callbacks | None = None,
    ) -> None:
        lanes: list[Lane] = [Messages(outbox, post, clock)]
        if callbacks is not None:
            lanes.append(Calls(callbacks, post, clock))
        self._outbox = outbox
        self._at_once = at_once
        self._under_way: dict[Lane, set[asyncio.Task[None]]] = {lane: set() for lane in lanes}
        self._thread: threading.Thread | None = None
        self._events: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()
        self._stopping = threading.Event()
        self._drain_s = MESSAGE_WITHIN_S

    def start(self) -> None:
        """Begin to send, in a thread of its own."""
        self._outbox.on_news(self.wake)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._work()), name="clipmill-webhooks", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something new may be due; any thread may say so, at any time."""
        if self._events is not None:
            with suppress(RuntimeError):  # it has just come to its end
                self._events.call_soon_threadsafe(self._woken.set)

    def stop(self, drain_s: float = MESSAGE_WITHIN_S) -> None:
        """Claim nothing more; what is still under way after ``drain_s`` is given up here and sent again later."""
        self._drain_s = drain_s
        self._stopping.set()
        self.wake()
        if self._thread is not None:
            self._thread.join()

    async def _work(self) -> None:
        self._events = asyncio.get_running_loop()
        while not self._stopping.is_set():
            self._woken.clear()
            for lane in self._under_way:
                await self._claim(lane)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOKS_EVERY_S):
                    await self._woken.wait()
        left = [task for tasks in self._under_way.values() for task in tasks]
        if left:
            await asyncio.wait(left, timeout=self._drain_s)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _claim(self, lane: Lane) -> None:
        tasks = self._under_way[lane]
        free = self._at_once - len(tasks)
        if free == 0:
            return
        try:
            found = await asyncio.to_thread(lane.claim, free)
        except ClipmillError as fault:
            _LOG.warning("no webhooks are sent for now: %s", fault.message)
            return
        except Exception:  # noqa: BLE001 - one bad turn must not end the thread
            _LOG.exception("no webhooks are sent for now")
            return
        for item in found:
            task = asyncio.create_task(self._carry(lane, item))
            tasks.add(task)
            task.add_done_callback(lambda task: self._over(tasks, task))

    def _over(self, tasks: set[asyncio.Task[None]], task: asyncio.Task[None]) -> None:
        if len(tasks) == self._at_once:
            self._woken.set()
        tasks.discard(task)

    async def _carry(self, lane: Lane, item: Any) -> None:
        answer: int | ClipmillError
        try:
            answer = await lane.send(item)
        except ClipmillError as fault:
            answer = fault
        except Exception as fault:  # noqa: BLE001 - one message must not end the thread
            _LOG.exception("message %s met a fault of ours", item.message_id)
            answer = InternalError(type(fault).__name__)
        try:
            if await asyncio.to_thread(lane.settle, item, answer):
                self._woken.set()
        except ClipmillError as fault:
            _LOG.warning("message %s is sent again, its answer could not be kept: %s", item.message_id, fault.message)
        except Exception:  # noqa: BLE001 - one message must not end the thread
            _LOG.exception("message %s is sent again, its answer could not be kept", item.message_id)
