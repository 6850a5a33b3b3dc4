"""The walls around a child: it dies with its parent, gains no rights, and stays within memory, file and CPU bounds."""

import contextlib
import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_LAST_WORDS_BYTES = 64 * 1024 * 1024
_AUTOGROUP = Path("/proc/self/autogroup")


def die_with(parent: int) -> None:
    """Be killed when the parent ends, even if it is killed itself; at once if that happened already.

    Linux only. Elsewhere a child ends when it next speaks to a parent that is gone.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def enclose(memory_bytes: int, file_bytes: int, cpu_s: int) -> None:
    """Bound the writable memory, each file and the CPU time of this process from here on.

    The data segment is bounded and not the address space, most of which threads and libraries only reserve.
    """
    _bound(resource.RLIMIT_DATA, memory_bytes, memory_bytes + _LAST_WORDS_BYTES)
    _bound(resource.RLIMIT_FSIZE, file_bytes, file_bytes)
    _bound(resource.RLIMIT_CPU, cpu_s, cpu_s + 5)
    _bound(resource.RLIMIT_CORE, 0, 0)


def stand_back(niceness: int) -> None:
    """Let others have the cores first.

    Linux may weigh sessions against each other before it looks at the processes in them, and a child is a session of
    its own: its session has to stand back too.
    """
    os.nice(niceness)
    with contextlib.suppress(OSError):
        _AUTOGROUP.write_text(str(niceness))


def leave_room_for_last_words() -> None:
    """Allow a little more memory, so that running out of it can still be told."""
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _bound(kind: int, soft: int, hard: int) -> None:
    _, most = resource.getrlimit(kind)
    within = [value if most == resource.RLIM_INFINITY else min(value, most) for value in (soft, hard)]
    resource.setrlimit(kind, (within[0], within[1]))
