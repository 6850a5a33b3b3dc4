"""What a fault means: exceptions of obstore and of the operating system told as ours.

obstore has a type for missing, forbidden, expired-credential and changed objects. Everything else is a
``GenericError`` whose status and kind exist only in the Debug form of the Rust error at the end of its text.
This module is the only one that reads that form, and only its typed fields, each of which stands alone on a
line. Text that a server sent is escaped there, so an answer's body cannot pass for a field.
"""

import errno
import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)

from clipmill.errors import (
    AccessDeniedError,
    ClipmillError,
    DiskFullError,
    InternalError,
    InvalidKeyError,
    RateLimitedError,
    SourceExpiredError,
    SourceMissingError,
    StorageTimeoutError,
    StorageUnavailableError,
    StorageWriteFailedError,
    UntrustedCertificateError,
)
from clipmill.storage.redact import redact

_DEBUG_FORM = "\n\nDebug source:\n"
_STATUS = re.compile(r"^ +status: (\d{3}),$", re.MULTILINE)
_BODY = re.compile(r'^ +body: Some\(\n +"(.*)",$', re.MULTILINE)
_HTTP_KIND = re.compile(r"^ +(?:\w+: )?(?:Http\(\n +)?HttpError \{\n +kind: (\w+),$", re.MULTILINE)
_CERTIFICATE = re.compile(r"^ +(?:\w+: )?InvalidCertificate\(\n +(\w+)", re.MULTILINE)
_PAST_END = re.compile(r"^ +source: StartTooLarge \{$", re.MULTILINE)
_SYSTEM_MESSAGE = re.compile(r'^ +message: "([^"\\]*)",$', re.MULTILINE)
_ANSWER_CODE = re.compile(r"<Code>(\w{1,64})</Code>")

_BY_STATUS: dict[int, type[ClipmillError]] = {
    404: SourceMissingError,
    408: StorageTimeoutError,
    410: SourceExpiredError,
    429: RateLimitedError,
    504: StorageTimeoutError,
}
_BY_ANSWER_CODE: dict[str, type[ClipmillError]] = {
    "ExpiredToken": SourceExpiredError,
    "RequestExpired": SourceExpiredError,
    "RequestTimeout": StorageTimeoutError,
    "SlowDown": RateLimitedError,
}
_NEXT_STEP: dict[type[ClipmillError], str] = {
    SourceMissingError: "Check the key and the store.",
    SourceExpiredError: "Ask for a fresh link or fresh credentials.",
    AccessDeniedError: "Check the credentials and what they may do here.",
    UntrustedCertificateError: "Check the endpoint, or name its authority in AWS_CA_BUNDLE.",
    DiskFullError: "Free some space, or use another disk.",
    InvalidKeyError: "Use a shorter key.",
}


@dataclass(frozen=True)
class _Answer:
    """The typed fields of one obstore exception; None where it has no such field."""

    status: int | None
    code: str | None
    link_expired: bool
    http_kind: str | None
    certificate: str | None
    past_end: bool
    system_message: str | None

    @classmethod
    def of(cls, error: Exception) -> "_Answer":
        form = str(error).rpartition(_DEBUG_FORM)[2]
        status = _first(_STATUS, form)
        body = _first(_BODY, form) or ""
        return cls(
            status=int(status) if status else None,
            code=_first(_ANSWER_CODE, body),
            link_expired="<Expires>" in body,
            http_kind=_first(_HTTP_KIND, form),
            certificate=_first(_CERTIFICATE, form),
            past_end=status == "416" or bool(_PAST_END.search(form)),
            system_message=_first(_SYSTEM_MESSAGE, form),
        )

    def told(self) -> str | None:
        """The reason in words, without anything that could hold a secret."""
        if self.certificate:
            return f"its certificate is not trusted ({self.certificate})"
        if self.status:
            return f"the store answered {self.status}" + (f" ({self.code})" if self.code else "")
        if self.http_kind == "Timeout":
            return "the store did not answer in time"
        if self.http_kind:
            return f"the connection failed ({self.system_message or self.http_kind})"
        return None


class PastEnd(Exception):  # noqa: N818 - not an error of ours: the reader of a range turns it into no bytes
    """The range begins at or behind the end of the object."""


@contextmanager
def store_faults(what: str) -> Generator[None]:
    """Tell obstore's exceptions as ours; ``what`` was to be done, and where. A changed object passes as it is."""
    try:
        yield
    except (PreconditionError, AlreadyExistsError):
        raise
    except (BaseError, FileNotFoundError) as error:
        answer = _Answer.of(error)
        if answer.past_end:
            raise PastEnd from None
        kind = _kind_of(error, answer)
        reason = answer.told() or ("nothing is there" if kind is SourceMissingError else _first_line(error))
        # The original text quotes URLs and bodies, and with them signatures; it must not reach a traceback.
        raise _told(kind, what, reason) from None


@contextmanager
def settings_faults(what: str) -> Generator[None]:
    """Tell settings that obstore refuses before it asks any service, such as a key file that is not there."""
    try:
        yield
    except BaseError as error:
        raise _told(AccessDeniedError, what, _first_line(error)) from None


@contextmanager
def os_faults(what: str, *, writing: bool) -> Generator[None]:
    """Tell the operating system's errors as ours, by their number."""
    try:
        yield
    except OSError as error:
        kinds = _WRITING if writing else _READING
        unknown = StorageWriteFailedError if writing else StorageUnavailableError
        kind = kinds.get(error.errno or 0, unknown)
        raise _told(kind, what, error.strerror or type(error).__name__) from error


@contextmanager
def write_faults() -> Generator[None]:
    """A write that failed for a passing reason is ``storage_write_failed``; a lasting reason keeps its own name."""
    try:
        yield
    except (StorageUnavailableError, StorageTimeoutError, SourceMissingError) as error:
        raise StorageWriteFailedError(error.message, details=error.details) from error


_READING: dict[int, type[ClipmillError]] = {
    errno.ENOENT: SourceMissingError,
    errno.ENOTDIR: SourceMissingError,
    errno.EISDIR: SourceMissingError,
    errno.EACCES: AccessDeniedError,
    errno.EPERM: AccessDeniedError,
    errno.ENAMETOOLONG: InvalidKeyError,
    errno.ETIMEDOUT: StorageTimeoutError,
}
_WRITING: dict[int, type[ClipmillError]] = {
    # On the way to a file that is about to be made, these say that no file can be made here.
    errno.ENOENT: AccessDeniedError,
    errno.ENOTDIR: AccessDeniedError,
    errno.EISDIR: AccessDeniedError,
    errno.EEXIST: AccessDeniedError,
    errno.EACCES: AccessDeniedError,
    errno.EPERM: AccessDeniedError,
    errno.EROFS: AccessDeniedError,
    errno.ENOSPC: DiskFullError,
    errno.EDQUOT: DiskFullError,
    errno.ENAMETOOLONG: InvalidKeyError,
}


def _kind_of(error: Exception, answer: _Answer) -> type[ClipmillError]:
    if answer.code in _BY_ANSWER_CODE:
        return _BY_ANSWER_CODE[answer.code]
    if isinstance(error, FileNotFoundError):
        return SourceMissingError
    if isinstance(error, (PermissionDeniedError, UnauthenticatedError)):
        return SourceExpiredError if answer.link_expired else AccessDeniedError
    return _kind_of_status(answer.status) if answer.status else _kind_of_connection(answer)


def _kind_of_status(status: int) -> type[ClipmillError]:
    return _BY_STATUS.get(status, StorageUnavailableError if status >= 500 else AccessDeniedError)


def _kind_of_connection(answer: _Answer) -> type[ClipmillError]:
    if answer.certificate:
        return UntrustedCertificateError
    if answer.http_kind == "Timeout":
        return StorageTimeoutError
    return StorageUnavailableError if answer.http_kind else InternalError


def _told(kind: type[ClipmillError], what: str, reason: str) -> ClipmillError:
    return kind(" ".join(filter(None, [redact(f"cannot {what}: {reason}."), _NEXT_STEP.get(kind)])))


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found.group(1) if found else None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:300].rstrip(".")
