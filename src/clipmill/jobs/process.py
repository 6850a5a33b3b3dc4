"""A child process as its parent holds it: started clean, listened to, killed with all it started."""

import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from clipmill.errors import (
    ClipmillError,
    LimitExceededError,
    OutOfMemoryError,
    TimeoutError,  # noqa: A004 - the job's time limit
    WorkerLostError,
)
from clipmill.jobs.channel import Channel
from clipmill.storage.redact import redact

LOG_BYTES = 4096
_LOG_WAIT_S = 1.0
_NEARLY_ALL = 0.9
_KERNEL_COUNTERS = Path("/proc/vmstat")
_MEMORY_SIGNALS = frozenset({signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGTRAP})


@dataclass(frozen=True)
class Death:
    """How a process ended, and whether memory was short: its peak, and kills by the kernel in its lifetime."""

    exit_code: int
    peak_bytes: int = 0
    memory_kills: int = 0

    def error(self, memory_bytes: int) -> ClipmillError:
        """What it means that a child ended in this way without an outcome."""
        if self.exit_code >= 0:
            return WorkerLostError(f"the child process ended with exit code {self.exit_code} and no outcome.")
        number = -self.exit_code
        name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
        if number == signal.SIGXCPU:
            return TimeoutError(
                "the job used up its processor time (SIGXCPU). Ask for less, or raise CLIPMILL_TIMEOUT_S."
            )
        if number == signal.SIGXFSZ:
            return LimitExceededError("a scratch file reached the largest size that this deployment allows (SIGXFSZ).")
        if number in _MEMORY_SIGNALS and self._short_of(memory_bytes, number):
            return OutOfMemoryError(
                f"the child process was killed by {name} when memory ran out, at a peak of {self.peak_bytes >> 20} MiB. "
                "Use a smaller output or a machine with more memory."
            )
        return WorkerLostError(f"the child process was killed by {name}.")

    def _short_of(self, memory_bytes: int, number: int) -> bool:
        by_kernel = number == signal.SIGKILL and self.memory_kills > 0
        return by_kernel or self.peak_bytes >= _NEARLY_ALL * memory_bytes


class ChildProcess:
    """One child in its own session and process group; always `end` it."""

    def __init__(self, module: str, scratch: Path, environment: Mapping[str, str]) -> None:
        self._memory_kills = _memory_kills()
        self._socket, theirs = socket.socketpair()
        with theirs:
            end = theirs.fileno()
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", module, str(end), str(os.getpid())],
                cwd=scratch,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[end],
                start_new_session=True,
            )
        self.channel = Channel(os.dup(self._socket.fileno()))
        assert self._process.stdout is not None
        self._log = _LastWords(self._process.stdout)

    @property
    def pid(self) -> int:
        return self._process.pid

    def has_ended(self) -> bool:
        """Whether the child itself is gone; it stays a zombie, so that its number can't become someone else's."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None

    def ask_to_stop(self) -> None:
        self._signal(signal.SIGTERM)

    def end(self) -> Death:
        """Kill whatever is left of the group, end the conversation, and say how the child itself ended."""
        self._signal(signal.SIGKILL)
        # A process that left the group may hold the other end: without this, whoever listens would listen for ever.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        _, status, usage = os.wait4(self.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self._log.finish()
        return Death(self._process.returncode, _peak_bytes(usage), _memory_kills() - self._memory_kills)

    def log(self) -> str:
        """The last that the child and its libraries printed."""
        return redact(self._log.text())

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return


class _LastWords(threading.Thread):
    """Reads all that a process prints, so that it never has to wait, and keeps the end of it."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(name="clipmill-log", daemon=True)
        self._stream = stream
        self._kept = b""
        self.start()

    def run(self) -> None:
        with self._stream:
            while block := os.read(self._stream.fileno(), 65536):
                self._kept = (self._kept + block)[-LOG_BYTES:]

    def finish(self) -> None:
        """Wait for the rest, but not for a process that left the group and still holds the pipe."""
        self.join(_LOG_WAIT_S)

    def text(self) -> str:
        return self._kept.decode(errors="replace").strip()


def _peak_bytes(usage: resource.struct_rusage) -> int:
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _memory_kills() -> int:
    """How many processes the kernel has killed for want of memory; 0 where it doesn't say."""
    try:
        lines = _KERNEL_COUNTERS.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
