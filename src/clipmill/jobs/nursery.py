"""Children without the wait: a process that has imported what functions need and forks itself for each child.

A fresh interpreter takes about a third of a second of processor time to import what a function needs, a fork a
hundredth. Linux only; `Nursery.open` gives None elsewhere, and whoever starts children then spawns them.
"""

import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from clipmill.jobs.environment import started_in
from clipmill.jobs.process import ChildProcess, Parent, Wires

WARM_MODULE = "clipmill.jobs.warm"
LONGEST_MESSAGE = 256 * 1024
_END_S = 5.0
_KILLED = -9


class Closed(Exception):  # noqa: N818 - never leaves jobs: children are spawned instead
    """The warm process is gone or refuses."""


class Nursery:
    """Starts children by asking one warm process to fork. Any thread may ask; `close` ends it and its children."""

    def __init__(self, process: subprocess.Popen[bytes], wire: socket.socket) -> None:
        self._process = process
        self._wire = wire
        self._asking = threading.Lock()

    @classmethod
    def open(
        cls, scratch_root: Path, environment: Mapping[str, str], threads: int, modules: Iterable[str]
    ) -> Self | None:
        """Start the warm process; it imports ``modules``, the first one first, while nobody asks it for a child."""
        if not _can_watch_others():
            return None
        scratch_root.mkdir(parents=True, exist_ok=True)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", WARM_MODULE, str(theirs.fileno()), *dict.fromkeys(modules)],
                cwd=scratch_root,
                env=started_in(scratch_root, environment, threads),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        return cls(process, ours)

    @property
    def is_gone(self) -> bool:
        """Whether the warm process has ended, so that another one is to be opened."""
        return self._process.poll() is not None

    def start(self, scratch: Path, environment: Mapping[str, str], module: str) -> ChildProcess:
        """A child in a fork of the warm process, which has imported ``module``; `Closed` if there is none to be had."""
        wires = Wires.lay()
        try:
            order = {"start": str(scratch), "environment": dict(environment), "module": module}
            pid = self._ask(order, [wires.theirs.fileno(), wires.printing])["pid"]
            parent = _Forked(self, pid, os.pidfd_open(pid))
        except (Closed, OSError) as fault:
            wires.cut()
            raise Closed(str(fault)) from fault
        wires.let_go()
        return ChildProcess(pid, wires, parent)

    def collect(self, pid: int) -> tuple[int, int]:
        """How a child that has ended did so; a lost nursery takes its children along."""
        try:
            answer = self._ask({"collect": pid})
        except Closed:
            return _KILLED, 0
        return answer["exit_code"], answer["peak_bytes"]

    def close(self) -> None:
        with self._asking:
            self._wire.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, question: dict[str, Any], descriptors: Iterable[int] = ()) -> dict[str, Any]:
        with self._asking:
            try:
                socket.send_fds(self._wire, [json.dumps(question).encode()], list(descriptors))
                answer = self._wire.recv(LONGEST_MESSAGE)
            except OSError as fault:
                raise Closed(f"the warm process can't be asked: {fault}") from fault
            except BaseException:
                # The answer to a question that was given up would be taken for the answer to the next.
                self._wire.close()
                raise
        if not answer:
            raise Closed("the warm process is gone")
        said = json.loads(answer)
        if "refused" in said:
            raise Closed(said["refused"])
        return said


def _can_watch_others() -> bool:
    """Whether this system has handles for processes that are not our children."""
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


class _Forked(Parent):
    def __init__(self, nursery: Nursery, pid: int, handle: int) -> None:
        self._nursery = nursery
        self._pid = pid
        self._handle = handle

    def has_ended(self) -> bool:
        return self._ready(0)

    def collect(self) -> tuple[int, int]:
        self._ready(None)
        os.close(self._handle)
        return self._nursery.collect(self._pid)

    def _ready(self, milliseconds: int | None) -> bool:
        poll = select.poll()
        poll.register(self._handle, select.POLLIN)
        return bool(poll.poll(milliseconds))
