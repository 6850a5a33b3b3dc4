"""Local files that appear complete or not at all: written beside their place, then renamed.

An unfinished file is named ``.clipmill-<16 hex digits>.part`` and locked by whoever writes it. A process that is
killed leaves one behind without a lock; the next write into the same folder removes it. Where a file system knows no
locks, that waits until nobody has touched the file for an hour.
"""

import fcntl
import os
import re
import secrets
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from clipmill.errors import PreconditionFailedError
from clipmill.storage.faults import os_faults

ABANDONED_S = 3600.0

_UNFINISHED = re.compile(r"\.clipmill-[0-9a-f]{16}\.part")


def is_unfinished(name: str) -> bool:
    """Whether a file name is that of a file still being written, or abandoned."""
    return _UNFINISHED.fullmatch(name) is not None


@contextmanager
def appearing(target: Path, *, durable: bool, still: Callable[[], bool] = lambda: True) -> Generator[BinaryIO]:
    """A file to write that becomes ``target`` at the end of the block; an error leaves ``target`` as it was.

    ``durable``: the file survives a power cut once the block has ended. ``still`` is asked right before, while no other
    file of that folder appears; if it says no, nothing changes and `PreconditionFailedError` tells so.
    """
    part, file = _open_part(target)
    try:
        with file:
            yield file
            if durable:
                with os_faults(f"write {target}", writing=True):
                    os.fsync(file.fileno())
            _rename(part, target, durable=durable, still=still)
    finally:
        _discard(part)


def appear_as_link(path: Path, target: Path) -> None:
    """Make ``target`` a second name of a finished file; `OSError` where the file system cannot."""
    part = _place_for(target)
    with path.open("rb") as file:
        _lock(file)
        os.link(path.resolve(), part)
        try:
            os.fsync(file.fileno())
            _rename(part, target, durable=True)
        finally:
            # Renaming one name of a file over another name of the same file leaves both.
            _discard(part)


def remove_abandoned(folder: Path, older_than_s: float = ABANDONED_S) -> None:
    """Delete unfinished files that nobody holds, and those that nobody has written to for so long."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if is_unfinished(entry.name):
                with suppress(OSError):
                    _remove_if_abandoned(Path(entry.path), older_than_s)


def _remove_if_abandoned(part: Path, older_than_s: float) -> None:
    with part.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.time() - part.lstat().st_ctime <= older_than_s:
                return
        # Before the lock is let go: its writer may be waiting for it.
        part.unlink()


def _open_part(target: Path) -> tuple[Path, BinaryIO]:
    while True:
        part = _place_for(target)
        with os_faults(f"create {target}", writing=True):
            file = part.open("xb", buffering=0)
        _lock(file)
        if part.exists():
            return part, file
        # Somebody else removed it before it was locked.
        file.close()


def _lock(file: BinaryIO | int) -> None:
    with suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX)


def _place_for(target: Path) -> Path:
    with os_faults(f"create the folder {target.parent}", writing=True):
        target.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(target.parent)
    return target.with_name(f".clipmill-{secrets.token_hex(8)}.part")


def _rename(part: Path, target: Path, *, durable: bool, still: Callable[[], bool] = lambda: True) -> None:
    with os_faults(f"put {target} in place", writing=True):
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            _lock(folder)
            if not still():
                raise PreconditionFailedError(f"{target} is another version now. Look at it again.")
            part.replace(target)
            with suppress(OSError):
                fcntl.flock(folder, fcntl.LOCK_UN)
            if durable:
                os.fsync(folder)
        finally:
            os.close(folder)


def _discard(part: Path) -> None:
    with suppress(OSError):
        part.unlink()
