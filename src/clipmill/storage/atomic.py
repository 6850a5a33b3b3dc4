"""Local files that appear complete or not at all: written beside their place, then renamed.

An unfinished file is named ``.clipmill-<16 hex digits>.part``. A process that is killed leaves one behind;
the next write into the same folder removes those that nobody has touched for an hour.
"""

import os
import re
import secrets
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from clipmill.storage.faults import os_faults

ABANDONED_S = 3600.0

_UNFINISHED = re.compile(r"\.clipmill-[0-9a-f]{16}\.part")


def is_unfinished(name: str) -> bool:
    """Whether a file name is that of a file still being written, or abandoned."""
    return _UNFINISHED.fullmatch(name) is not None


@contextmanager
def appearing(target: Path, *, durable: bool) -> Generator[BinaryIO]:
    """A file to write that becomes ``target`` at the end of the block; an error leaves ``target`` as it was.

    ``durable``: the file survives a power cut once the block has ended.
    """
    part = _place_for(target)
    with os_faults(f"create {target}", writing=True):
        file = part.open("xb", buffering=0)
    try:
        with file:
            yield file
            if durable:
                with os_faults(f"write {target}", writing=True):
                    os.fsync(file.fileno())
        _rename(part, target, durable=durable)
    finally:
        _discard(part)


def appear_as_link(path: Path, target: Path) -> None:
    """Make ``target`` a second name of a finished file; `OSError` where the file system cannot."""
    part = _place_for(target)
    os.link(path.resolve(), part)
    try:
        with part.open("rb") as file:
            os.fsync(file.fileno())
        _rename(part, target, durable=True)
    finally:
        # Renaming one name of a file over another name of the same file leaves both.
        _discard(part)


def remove_abandoned(folder: Path, older_than_s: float = ABANDONED_S) -> None:
    """Delete unfinished files that nobody has written to for so long."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if is_unfinished(entry.name):
                with suppress(OSError):
                    if time.time() - entry.stat(follow_symlinks=False).st_ctime > older_than_s:
                        Path(entry.path).unlink()


def _place_for(target: Path) -> Path:
    with os_faults(f"create the folder {target.parent}", writing=True):
        target.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(target.parent)
    return target.with_name(f".clipmill-{secrets.token_hex(8)}.part")


def _rename(part: Path, target: Path, *, durable: bool) -> None:
    with os_faults(f"put {target} in place", writing=True):
        part.replace(target)
        if durable:
            folder = os.open(target.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def _discard(part: Path) -> None:
    with suppress(OSError):
        part.unlink()
