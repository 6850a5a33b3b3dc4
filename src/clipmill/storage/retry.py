"""The one retry policy of storage: few attempts, growing pauses, only for faults that may pass."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from clipmill.errors import ClipmillError

Result = TypeVar("Result")


@dataclass(frozen=True)
class RetryPolicy:
    """One attempt more than there are pauses; what is raised last is what the caller sees."""

    pauses_s: tuple[float, ...] = (3.0, 6.0)
    sleep: Callable[[float], None] = time.sleep

    def run(self, call: Callable[[], Result]) -> Result:
        """Call until it succeeds, fails for good, or the attempts are used up."""
        for pause_s in self.pauses_s:
            try:
                return call()
            except ClipmillError as error:
                if not error.retryable:
                    raise
            self.sleep(pause_s)
        return call()
