"""A child process as its parent holds it: started clean, listened to, killed with all it started."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from clipmill.jobs.channel import Channel
from clipmill.jobs.death import Death, kernel_memory_kills, peak_bytes
from clipmill.storage.redact import redact

CHILD_MODULE = "clipmill.jobs.child"
LOG_BYTES = 4096
_LOG_WAIT_S = 1.0


@dataclass
class Wires:
    """The two ends of what a child is given: a private channel, and a pipe for whatever is printed."""

    ours: socket.socket
    theirs: socket.socket
    reading: int
    printing: int

    @classmethod
    def lay(cls) -> Self:
        return cls(*socket.socketpair(), *os.pipe())

    def let_go(self) -> None:
        """Close the child's ends on this side."""
        self.theirs.close()
        os.close(self.printing)

    def cut(self) -> None:
        """Close everything: the child never started."""
        self.let_go()
        self.ours.close()
        os.close(self.reading)


class Parent(Protocol):
    """Whoever started a process and can tell how it ended."""

    def has_ended(self) -> bool:
        """Whether it is gone. It stays a zombie until it is collected, so its number can't become someone else's."""
        ...

    def collect(self) -> tuple[int, int]:
        """Wait for its end; its exit code and the most bytes it held."""
        ...


class ChildProcess:
    """One child, the leader of a session and a process group of its own; always `end` it."""

    def __init__(self, pid: int, wires: Wires, parent: Parent) -> None:
        self.pid = pid
        self.channel = Channel(os.dup(wires.ours.fileno()))
        self._socket = wires.ours
        self._parent = parent
        self._log = _LastWords(wires.reading)
        self._memory_kills = kernel_memory_kills()

    def has_ended(self) -> bool:
        return self._parent.has_ended()

    def ask_to_stop(self) -> None:
        self._signal(signal.SIGTERM)

    def end(self) -> Death:
        """Kill whatever is left of the group, end the conversation, and say how the child itself ended."""
        self._signal(signal.SIGKILL)
        # A process that left the group may hold the other end: without this, whoever listens would listen for ever.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        exit_code, peak = self._parent.collect()
        self._log.join(_LOG_WAIT_S)
        return Death(exit_code, peak, kernel_memory_kills() - self._memory_kills)

    def log(self) -> str:
        """The last that the child and its libraries printed."""
        return redact(self._log.text())

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return


def spawn(scratch: Path, environment: Mapping[str, str]) -> ChildProcess:
    """A child in a fresh interpreter."""
    wires = Wires.lay()
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", CHILD_MODULE, str(wires.theirs.fileno()), str(os.getpid())],
            cwd=scratch,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=wires.printing,
            stderr=subprocess.STDOUT,
            pass_fds=[wires.theirs.fileno()],
            start_new_session=True,
        )
    except BaseException:
        wires.cut()
        raise
    wires.let_go()
    return ChildProcess(process.pid, wires, _Spawned(process))


class _Spawned(Parent):
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def has_ended(self) -> bool:
        # Where this can't be asked without collecting, the end of the conversation tells it.
        return hasattr(os, "waitid") and bool(
            os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        )

    def collect(self) -> tuple[int, int]:
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        return self._process.returncode, peak_bytes(usage)


class _LastWords(threading.Thread):
    """Reads all that a process prints, so that it never has to wait, and keeps the end of it."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(name="clipmill-log", daemon=True)
        self._descriptor = descriptor
        self._kept = b""
        self.start()

    def run(self) -> None:
        with open(self._descriptor, "rb", buffering=0) as stream:  # noqa: PTH123 - a descriptor, not a path
            while block := stream.read(65536):
                self._kept = (self._kept + block)[-LOG_BYTES:]

    def text(self) -> str:
        return self._kept.decode(errors="replace").strip()
