import errno
import sqlite3
from contextlib import closing

import pytest

from clipmill.errors import (
    ClipmillError,
    DiskFullError,
    EncoderFailedError,
    InternalError,
    LimitExceededError,
    OutOfMemoryError,
    StorageWriteFailedError,
    UnsupportedCodecError,
)
from clipmill.jobs.faults import typed


def chained(top: Exception, cause: Exception) -> Exception:
    try:
        raise top from cause
    except type(top) as fault:
        return fault


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (MemoryError(), OutOfMemoryError),
        (OSError(errno.ENOSPC, "full"), DiskFullError),
        (OSError(errno.EDQUOT, "quota"), DiskFullError),
        (OSError(errno.EFBIG, "too big"), LimitExceededError),
        (OSError(errno.ENOMEM, "no memory"), OutOfMemoryError),
        (chained(EncoderFailedError("x"), OSError(errno.ENOSPC, "full")), DiskFullError),
        (chained(StorageWriteFailedError("x"), OSError(errno.ENOSPC, "full")), DiskFullError),
        (chained(RuntimeError("x"), MemoryError()), OutOfMemoryError),
        (KeyError("x"), InternalError),
        (OSError(errno.EIO, "broken"), InternalError),
    ],
)
def test_a_fault_is_told_by_its_type_and_number(fault: Exception, kind: type[ClipmillError]):
    assert type(typed(fault)) is kind


def test_a_database_that_finds_no_room_is_told_as_a_full_disk():
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("PRAGMA max_page_count = 1")
        with pytest.raises(sqlite3.OperationalError) as full:
            database.execute("CREATE TABLE a (b)")
        with pytest.raises(sqlite3.OperationalError) as wrong:
            database.execute("SELECT * FROM nowhere")
    assert type(typed(full.value)) is DiskFullError
    assert type(typed(wrong.value)) is InternalError
    assert type(typed(sqlite3.OperationalError("database or disk is full"))) is InternalError


def test_the_text_of_a_fault_decides_nothing():
    assert isinstance(typed(RuntimeError("[Errno 28] No space left on device")), InternalError)


def test_an_error_of_ours_stays_itself():
    error = UnsupportedCodecError("svq1")
    assert typed(error) is error


def test_a_fault_that_was_dealt_with_is_not_the_cause():
    fault = EncoderFailedError("x264 refused the size")
    fault.__context__ = MemoryError()
    assert isinstance(typed(fault), OutOfMemoryError)
    fault.__suppress_context__ = True
    assert typed(fault) is fault


def test_a_bug_is_told_with_its_type_and_place():
    try:
        {}["missing"]
    except KeyError as fault:
        message = typed(fault).message
    assert "KeyError" in message
    assert "test_a_bug_is_told" in message
