"""Scratch folders: one for each attempt, private, and gone afterwards whatever happened."""

import fcntl
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Self

from clipmill.errors import AccessDeniedError, DiskFullError
from clipmill.jobs.faults import typed

_PREFIX = "clipmill-"
_LOCK = ".owner"


class Scratch:
    """A folder held by a lock, so that a folder whose owner was killed can be told from one in use."""

    def __init__(self, folder: Path, lock: int) -> None:
        self.folder = folder
        self._lock = lock

    @classmethod
    def make(cls, root: Path) -> Self:
        """A new folder below ``root``; no space or no right to make one is an error of this machine."""
        try:
            root.mkdir(parents=True, exist_ok=True)
            while True:
                folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=root)).resolve()
                lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
                fcntl.flock(lock, fcntl.LOCK_EX)
                if (folder / _LOCK).exists():
                    break
                # Somebody swept it away before it was locked.
                os.close(lock)
        except OSError as fault:
            full = isinstance(typed(fault), DiskFullError)
            reason = (
                f"no scratch folder can be made below {root}: {fault.strerror}. Set CLIPMILL_SCRATCH to another place."
            )
            raise (DiskFullError if full else AccessDeniedError)(reason) from fault
        return cls(folder, lock)

    def remove(self) -> str | None:
        """Delete the folder and say what could not be deleted, if anything."""
        fault = _delete(self.folder)
        os.close(self._lock)
        return fault


def sweep(root: Path) -> None:
    """Delete the folders of processes that were killed before they could."""
    for folder in root.glob(f"{_PREFIX}*"):
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            _delete(folder)
        finally:
            os.close(lock)


def _delete(folder: Path) -> str | None:
    try:
        for place, _, _ in os.walk(folder):
            # A job may have taken its own right to look into a folder.
            Path(place).chmod(stat.S_IRWXU)
        shutil.rmtree(folder)
    except OSError as fault:
        return f"{fault.filename or folder}: {fault.strerror}"
    return None
