"""A file on its way down: written beside its place, found again after an interruption, put in place when it is whole.

Convention: the unfinished file of ``goal.mp4`` is ``.goal.mp4.<version>.part``, where the version is the ETag of the
object in URL-safe base64, so that parts of two versions are never mixed. One process writes it at a time.
"""

import base64
import binascii
import fcntl
import hashlib
import os
from pathlib import Path
from typing import BinaryIO, Self

from clipmill.errors import ConflictError, StorageWriteFailedError
from clipmill.storage.faults import os_faults

_LONGEST = 100
"""Of an ETag that is kept in a name."""


class Landing:
    """``size`` bytes of the version ``etag`` are there. Close it in the end; what is not finished stays for the next time."""

    def __init__(self, target: Path, part: Path, file: BinaryIO) -> None:
        self.target = target
        self.etag = _etag_in(part, target)
        self._part = part
        self._file = file
        self.size = file.seek(0, os.SEEK_END)

    @classmethod
    def at(cls, target: Path) -> Self:
        """Where an earlier download of the file stopped, else at its beginning."""
        with os_faults(f"create {target}", writing=True):
            target.parent.mkdir(parents=True, exist_ok=True)
            found = sorted(each for each in target.parent.iterdir() if _is_part(each, target))
            part = found[0] if found else _part_of(target, "")
            file = part.open("ab+")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
                raise ConflictError(f"{target} is being downloaded by somebody else. Wait for it.") from None
        return cls(target, part, file)

    def begin(self, etag: str) -> None:
        """Start anew with this version."""
        with os_faults(f"write {self.target}", writing=True):
            self._file.truncate(0)
            self.etag, self.size = etag, 0
            part = _part_of(self.target, etag)
            self._part.replace(part)
            self._part = part

    def write(self, data: bytes) -> None:
        with os_faults(f"write {self.target}", writing=True):
            self._file.write(data)
            self.size += len(data)

    def finish(self, sha256: bytes | None) -> None:
        """Put the file in place, if it has this digest."""
        with os_faults(f"put {self.target} in place", writing=True):
            self._file.flush()
            os.fsync(self._file.fileno())
            if sha256 is not None and self._digest() != sha256:
                self.begin("")
                raise StorageWriteFailedError(
                    f"the bytes of {self.target} are not those of the object. Download it again."
                )
            self._part.replace(self.target)

    def close(self) -> None:
        self._file.close()
        if not self.size:
            self._part.unlink(missing_ok=True)

    def _digest(self) -> bytes:
        with self._part.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()


def _part_of(target: Path, etag: str) -> Path:
    version = base64.urlsafe_b64encode(etag.encode()).decode().rstrip("=") if len(etag) <= _LONGEST else ""
    return target.with_name(f".{target.name}.{version}.part")


def _is_part(path: Path, target: Path) -> bool:
    return path.name.startswith(f".{target.name}.") and path.suffix == ".part"


def _etag_in(part: Path, target: Path) -> str:
    version = part.name.removeprefix(f".{target.name}.").removesuffix(".part")
    try:
        return base64.b64decode(version + "=" * (-len(version) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
