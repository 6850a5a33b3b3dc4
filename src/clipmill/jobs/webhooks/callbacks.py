"""Plain callbacks: an address is told how one job goes, from a thread of its own, in order.

Convention: progress is tried once, the end three times; each try takes at most five seconds. Messages are signed like
webhooks where the deployment has secrets; every try of one message has the same id.
"""

import asyncio
import json
import logging
import secrets as chance
import threading
import time
from types import TracebackType
from typing import Self

from clipmill.errors import ClipmillError, StorageUnavailableError
from clipmill.jobs.callback_steps import Callback, Step
from clipmill.jobs.events import Event
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.webhooks.addresses import parse_target
from clipmill.jobs.webhooks.callback_queue import CallbackQueue
from clipmill.jobs.webhooks.post import Letter, Post, arrived, refusal
from clipmill.jobs.webhooks.signing import signed

_LOG = logging.getLogger(__name__)

WITHIN_S = 5.0
_PAUSES_S = (3.0, 6.0)


class Callbacks:
    """Told of a job by ``on_event`` and ``finish``, which return at once whatever the address does.

    Used in a ``with`` block; behind it nothing more is noted, and what was noted is still sent.
    """

    def __init__(self, url: str, post: Post, pauses_s: tuple[float, ...] = _PAUSES_S) -> None:
        self._target = parse_target(url, post.policy)
        self._post = post
        self._pauses_s = pauses_s
        self._queue = CallbackQueue()
        self._name = f"cb_{chance.token_hex(12)}"
        self._told = 0
        self._changed = threading.Condition()
        self._closed = False
        # Not a daemon: the end of the job is still told when the process is about to end.
        self._thread = threading.Thread(target=self._run, name="clipmill-callbacks", daemon=False)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()

    def on_event(self, event: Event) -> None:
        """Note how far the job is."""
        with self._changed:
            self._queue.put(event)
            self._changed.notify()

    def finish(self, outcome: Outcome) -> None:
        """Note the end of a job; of one that succeeded, the output is in place by now."""
        with self._changed:
            self._queue.end(outcome)
            self._changed.notify()

    def wait(self, timeout_s: float) -> bool:
        """Wait, behind the block, until all is sent or given up; whether it is."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            while (callback := self._next()) is not None:
                runner.run(self._tell(callback))

    def _next(self) -> Callback | None:
        with self._changed:
            while (callback := self._queue.take()) is None and not self._closed:
                self._changed.wait()
            return callback

    async def _tell(self, callback: Callback) -> None:
        letter = self._letter(callback)
        for pause_s in () if callback.step is Step.PROGRESS else self._pauses_s:
            if await self._arrives(callback, letter):
                return
            await asyncio.sleep(pause_s)
        await self._arrives(callback, letter)

    def _letter(self, callback: Callback) -> Letter:
        body = json.dumps(callback.body).encode()
        self._told += 1
        secrets = self._post.policy.secrets
        return Letter(body, signed(f"{self._name}_{self._told}", int(time.time()), body, secrets) if secrets else {})

    async def _arrives(self, callback: Callback, letter: Letter) -> bool:
        target = self._target.below(callback.step.value)
        try:
            status = await self._post.send(target, letter, WITHIN_S)
            if not arrived(status):
                raise StorageUnavailableError(refusal(status))
        except ClipmillError as fault:
            _LOG.warning("callback %s to %s failed: %s", callback.step, target.origin, fault.message)
            return False
        return True
