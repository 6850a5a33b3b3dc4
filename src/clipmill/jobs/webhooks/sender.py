"""The thread that empties the outbox.

What it claimed and did not settle before its process died comes back to the outbox by itself, and is sent again under
the same id.
"""

import asyncio
import json
import logging
import threading
from contextlib import suppress

from clipmill.errors import ClipmillError, InternalError
from clipmill.jobs.ledger.moments import Clock, now_utc
from clipmill.jobs.ledger.outbox import Delivery, Outbox
from clipmill.jobs.webhooks.addresses import parse_target
from clipmill.jobs.webhooks.post import GONE, Letter, Post, arrived, refusal
from clipmill.jobs.webhooks.signing import signed

_LOG = logging.getLogger(__name__)

WITHIN_S = 15.0
LOOKS_EVERY_S = 2.0
_AT_ONCE = 32


class Sender:
    """Sends what is due, at most ``at_once`` messages at a time; a slow address holds up no other one."""

    def __init__(self, outbox: Outbox, post: Post, clock: Clock = now_utc, at_once: int = _AT_ONCE) -> None:
        self._outbox = outbox
        self._post = post
        self._clock = clock
        self._at_once = at_once
        self._under_way: set[asyncio.Task[None]] = set()
        self._thread: threading.Thread | None = None
        self._events: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()
        self._stopping = threading.Event()
        self._drain_s = WITHIN_S

    def start(self) -> None:
        """Begin to send, in a thread of its own."""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._work()), name="clipmill-webhooks", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something new may be due; any thread may say so, at any time."""
        if self._events is not None:
            with suppress(RuntimeError):  # it has just come to its end
                self._events.call_soon_threadsafe(self._woken.set)

    def stop(self, drain_s: float = WITHIN_S) -> None:
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
            await self._claim()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOKS_EVERY_S):
                    await self._woken.wait()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=self._drain_s)
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _claim(self) -> None:
        free = self._at_once - len(self._under_way)
        if free == 0:
            return
        try:
            found = await asyncio.to_thread(self._outbox.claim, free)
        except ClipmillError as fault:
            _LOG.warning("no webhooks are sent for now: %s", fault.message)
            return
        except Exception:  # noqa: BLE001 - one bad turn must not end the thread
            _LOG.exception("no webhooks are sent for now")
            return
        for delivery in found:
            task = asyncio.create_task(self._deliver(delivery))
            self._under_way.add(task)
            task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        if len(self._under_way) == self._at_once:
            self._woken.set()
        self._under_way.discard(task)

    async def _deliver(self, delivery: Delivery) -> None:
        answer: int | ClipmillError
        try:
            answer = await self._send(delivery)
        except ClipmillError as fault:
            answer = fault
        except Exception as fault:  # noqa: BLE001 - one message must not end the thread
            _LOG.exception("delivery %s met a fault of ours", delivery.id)
            answer = InternalError(type(fault).__name__)
        try:
            await asyncio.to_thread(self._settle, delivery, answer)
        except ClipmillError as fault:
            _LOG.warning("delivery %s is sent again, its answer could not be kept: %s", delivery.id, fault.message)
        except Exception:  # noqa: BLE001 - one message must not end the thread
            _LOG.exception("delivery %s is sent again, its answer could not be kept", delivery.id)

    async def _send(self, delivery: Delivery) -> int:
        if delivery.endpoint_id is not None and not delivery.secrets:
            return GONE  # it was removed while the message was written
        policy = self._post.policy
        target = parse_target(delivery.address, policy)
        body = json.dumps(delivery.payload, separators=(",", ":")).encode()
        at_s = int(self._clock().timestamp())
        headers = signed(delivery.message_id, at_s, body, delivery.secrets or policy.secrets)
        return await self._post.send(target, Letter(body, headers), WITHIN_S)

    def _settle(self, delivery: Delivery, answer: int | ClipmillError) -> None:
        if isinstance(answer, ClipmillError):
            self._outbox.nack(delivery, f"{answer.code}: {answer.message}")
        elif arrived(answer):
            self._outbox.ack(delivery, answer)
        elif answer == GONE:
            self._outbox.gone(delivery, answer)
        else:
            self._outbox.nack(delivery, refusal(answer), answer)
