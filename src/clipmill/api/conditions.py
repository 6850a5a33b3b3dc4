"""What a caller knows of an object already, and what follows from it (RFC 9110, 13)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from clipmill.errors import PreconditionFailedError
from clipmill.storage.store import ObjectInfo


def tag_of(info: ObjectInfo) -> str:
    """The ETag of an object, in quotes.

    >>> tag_of(ObjectInfo("a", 1, 'W/"5d41"', datetime(2026, 1, 1, tzinfo=UTC)))
    '"5d41"'
    """
    version = info.etag or f"{info.size:x}-{info.modified.timestamp():.6f}"
    return '"' + version.removeprefix("W/").strip('"') + '"'


def http_date(moment: datetime) -> str:
    """A time in whole seconds.

    >>> http_date(datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC))
    'Fri, 02 Jan 2026 03:04:05 GMT'
    """
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def check_preconditions(headers: Mapping[str, str], info: ObjectInfo) -> None:
    """Refuse with 412 what was asked of another version."""
    wanted, since = headers.get("if-match"), _date(headers.get("if-unmodified-since"))
    if wanted is not None:
        met = "*" in _tags(wanted) or tag_of(info) in _tags(wanted)
    else:
        met = since is None or _seconds(info) <= since
    if not met:
        raise PreconditionFailedError(f"the object is another version now, {tag_of(info)}. Look at it again.")


def is_conditional(headers: Mapping[str, str]) -> bool:
    """Whether a write depends on what is there."""
    return any(name in headers for name in ("if-match", "if-none-match", "if-unmodified-since"))


def check_write(headers: Mapping[str, str], info: ObjectInfo | None) -> None:
    """Refuse with 412 what is to be written over something else than there is; None is nothing."""
    if info is None and ("if-match" in headers or "if-unmodified-since" in headers):
        raise PreconditionFailedError("there is no object, so it is no version that was asked for. Look at it again.")
    if info is None:
        return
    check_preconditions(headers, info)
    kept = _tags(headers.get("if-none-match", ""))
    if "*" in kept or tag_of(info) in {tag.removeprefix("W/") for tag in kept}:
        raise PreconditionFailedError(f"there is an object already, {tag_of(info)}. Write it under another key.")


def is_known(headers: Mapping[str, str], info: ObjectInfo) -> bool:
    """Whether the caller has this very version, so that 304 says it all."""
    held = headers.get("if-none-match")
    if held is not None:
        return "*" in _tags(held) or tag_of(info) in {tag.removeprefix("W/") for tag in _tags(held)}
    since = _date(headers.get("if-modified-since"))
    return since is not None and _seconds(info) <= since


def range_holds(headers: Mapping[str, str], info: ObjectInfo) -> bool:
    """Whether a part is of use to a caller who has other parts; else the whole is sent."""
    condition = headers.get("if-range")
    if condition is None or condition.strip() == tag_of(info):
        return True
    date = _date(condition)
    return date is not None and _seconds(info) == date


def _tags(header: str) -> set[str]:
    return {tag.strip() for tag in header.split(",")}


def _seconds(info: ObjectInfo) -> datetime:
    return info.modified.astimezone(UTC).replace(microsecond=0)


def _date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
