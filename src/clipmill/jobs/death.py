"""How a child ended when it left no outcome, and what that means."""

import resource
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from clipmill.errors import (
    ClipmillError,
    LimitExceededError,
    OutOfMemoryError,
    TimeoutError,  # noqa: A004 - the job's time limit
    WorkerLostError,
)

_NEARLY_ALL = 0.9
_KERNEL_COUNTERS = Path("/proc/vmstat")
_MEMORY_SIGNALS = frozenset({signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGTRAP})


@dataclass(frozen=True)
class Death:
    """An exit code, negative for a signal, and whether memory was short: the peak, and kills by the kernel meanwhile."""

    exit_code: int
    peak_bytes: int = 0
    memory_kills: int = 0

    def error(self, memory_bytes: int) -> ClipmillError:
        """What it means that a child ended in this way without an outcome.

        ``memory_bytes`` is what it was allowed, 0 where it ended before that was known.
        """
        if self.exit_code >= 0:
            return WorkerLostError(f"the child process ended with exit code {self.exit_code} and no outcome.")
        number = -self.exit_code
        name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
        if number == signal.SIGXCPU:
            return TimeoutError(
                f"the job used up its processor time ({name}). Ask for less, or raise CLIPMILL_TIMEOUT_S."
            )
        if number == signal.SIGXFSZ:
            return LimitExceededError(f"a scratch file reached the largest size that this deployment allows ({name}).")
        if number in _MEMORY_SIGNALS and self._short_of(memory_bytes, number):
            return OutOfMemoryError(
                f"the child process was killed by {name} when memory ran out, at a peak of {self.peak_bytes >> 20} MiB. "
                "Use a smaller output or a machine with more memory."
            )
        return WorkerLostError(f"the child process was killed by {name}.")

    def _short_of(self, memory_bytes: int, number: int) -> bool:
        by_kernel = number == signal.SIGKILL and self.memory_kills > 0
        return by_kernel or 0 < _NEARLY_ALL * memory_bytes <= self.peak_bytes


def peak_bytes(usage: resource.struct_rusage) -> int:
    """The most memory a process held at a time; systems count it in different units."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def kernel_memory_kills() -> int:
    """How many processes the kernel has killed so far for want of memory; 0 where it doesn't say."""
    try:
        lines = _KERNEL_COUNTERS.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
