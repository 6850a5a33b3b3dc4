"""The gate between a finished attempt and its outputs: whoever lost the right to publish is stopped here.

Asked when the child is done and nothing has appeared yet, and again while a long upload goes on. What remains is the
time from the last answer to the one step that makes an object appear: a rename and the flush before it in a folder,
the request that writes a small object or completes a large one in a bucket. A process that is paused in just that
step, until another one has taken over, still publishes; both write the same bytes, since both render one request.
Objects are taken back only by whoever still has the job, asked no longer before.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from clipmill.errors import CancelledError

Gate = Callable[[], None]
"""Returns if outputs may appear, raises what stops them if not."""

GOOD_FOR_S = 1.0


def open_gate() -> None:
    """Lets everyone pass."""


@dataclass(frozen=True)
class Reins:
    """How others hold a job back while it runs: ``cancel`` stops its work, ``gate`` its outputs."""

    cancel: threading.Event = field(default_factory=threading.Event)
    gate: Gate = open_gate


class Passing:
    """One way through a gate, for any number of threads; asked again once an answer is too old to be relied on."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._asking = threading.Lock()
        self._passed_at: float | None = None

    def check(self) -> None:
        with self._asking:
            now = time.monotonic()
            if self._passed_at is None or now - self._passed_at >= GOOD_FOR_S:
                self._gate()
                # Counted from before the question: a pause while it was answered makes the answer old.
                self._passed_at = now

    def is_ours(self) -> bool:
        """Whether nobody else has the job: one that is to stop is still ours, one of which nothing is known is not."""
        try:
            self.check()
        except CancelledError:
            return True
        except Exception:  # noqa: BLE001 - a gate that gives no answer is a closed one
            return False
        return True
