"""What an exception means that nobody raised on purpose: its type and its error number, never its text."""

import errno
import sqlite3
import traceback
from collections.abc import Iterator

from clipmill.errors import (
    ClipmillError,
    DiskFullError,
    EngineError,
    InternalError,
    LimitExceededError,
    OutOfMemoryError,
    OutOfSpace,
    StorageError,
)

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def typed(fault: BaseException) -> ClipmillError:
    """The error to tell: the fault itself if it is one of ours, unless memory or disk ran out beneath it.

    >>> typed(OSError(errno.ENOSPC, "No space left on device")).code
    'disk_full'
    """
    if isinstance(fault, ClipmillError) and not isinstance(fault, EngineError | StorageError | InternalError):
        return fault
    if isinstance(fault, OutOfSpace):
        return fault
    for cause in _chain(fault):
        if space := _space(cause):
            return space
    return fault if isinstance(fault, ClipmillError) else InternalError(_described(fault))


def _space(fault: BaseException) -> ClipmillError | None:
    if isinstance(fault, MemoryError):
        return OutOfMemoryError(
            "the memory that this job may use ran out. Use a smaller output or raise CLIPMILL_MEMORY_GB."
        )
    number = fault.errno if isinstance(fault, OSError) else None
    if number in _FULL or _is_full_database(fault):
        return DiskFullError(
            "no space is left on the scratch disk. Free some, or set CLIPMILL_SCRATCH to a larger one."
        )
    if number == errno.EFBIG:
        return LimitExceededError(
            "a scratch file reached the largest size that this deployment allows. Ask for a smaller output."
        )
    if number == errno.ENOMEM:
        return _space(MemoryError())
    return None


def _is_full_database(fault: BaseException) -> bool:
    """Whether SQLite found no room; an error that it did not raise itself has no code."""
    return isinstance(fault, sqlite3.Error) and getattr(fault, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL


def _chain(fault: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        yield fault
        hidden = fault.__suppress_context__
        fault = fault.__cause__ if hidden or fault.__cause__ is not None else fault.__context__


def _described(fault: BaseException) -> str:
    """The type, the text and the place: what a report of a bug needs first."""
    frames = traceback.extract_tb(fault.__traceback__)
    place = f" ({frames[-1].name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(fault).__name__}: {fault}{place}. This is a bug of clipmill; please report it with the request."
