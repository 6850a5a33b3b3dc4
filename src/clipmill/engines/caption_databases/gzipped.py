"""Databases as gzip files: equal content gives equal bytes, and either form of a file can be read."""

import gzip
import shutil
import zlib
from pathlib import Path

from clipmill.errors import CorruptArtifactError

LEVEL = 6
_MAGIC = b"\x1f\x8b"
_BLOCK = 1024 * 1024


def compress(path: Path, target: Path) -> None:
    """Write a gzip file that holds nothing but the bytes: no name, no time."""
    with (
        path.open("rb") as source,
        target.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", compresslevel=LEVEL, fileobj=file, mtime=0) as packed,
    ):
        shutil.copyfileobj(source, packed, _BLOCK)


def decompressed(path: Path, beside: Path) -> Path:
    """The file itself, or, where its first bytes say gzip, what it holds, written to ``beside``."""
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            return path
    try:
        with gzip.open(path) as packed, beside.open("wb") as file:
            shutil.copyfileobj(packed, file, _BLOCK)
    except (OSError, EOFError, zlib.error) as fault:
        beside.unlink(missing_ok=True)
        raise CorruptArtifactError(
            f"{path.name}: damaged gzip data ({fault}). Restore the file, or delete it and run again."
        ) from fault
    return beside
