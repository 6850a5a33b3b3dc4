"""How long a client goes on asking: only where the error says that it may help, with growing pauses, within bounds."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

from clipmill.client.calls import Call, Reply
from clipmill.client.problems import error_of
from clipmill.client.steps import Pause, Steps, send
from clipmill.errors import ClipmillError


@dataclass(frozen=True)
class Patience:
    """Pauses between attempts, each shortened by chance to no less than half.

    A service that says ``Retry-After`` is left alone for that long, at most ``longest_s``. ``watch_pauses_s`` are those
    between attempts to come back to a service while a job is watched: it may be starting again.
    """

    pauses_s: Sequence[float] = (0.5, 1.0, 2.0, 4.0)
    watch_pauses_s: Sequence[float] = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0, 30.0, 30.0)
    longest_s: float = 60.0
    draw: Callable[[], float] = random.random

    def pause(self, of: Sequence[float], failures: int, fault: ClipmillError) -> float | None:
        """Seconds to wait behind so many failures in a row; None when it is enough."""
        if not fault.retryable or failures > len(of):
            return None
        asked_s = float(fault.details.get("retry_after_s", 0.0))
        if asked_s > self.longest_s:
            return None
        return max(asked_s, of[failures - 1] * (0.5 + self.draw() / 2))


def answered(patience: Patience, call: Call) -> Steps[Reply]:
    """The answer to a call that may be made more than once; a problem is raised."""
    for failures in count(1):
        try:
            reply = yield from send(call)
            if reply.ok:
                return reply
            fault = error_of(reply)
        except ClipmillError as lost:
            fault = lost
        wait_s = patience.pause(patience.pauses_s, failures, fault)
        if wait_s is None:
            raise fault
        yield Pause(wait_s)
    raise AssertionError
