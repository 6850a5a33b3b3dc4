"""Files as objects of a service: sent in parts, each again if it must be, and taken up where an earlier attempt stopped."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from os import stat_result
from pathlib import Path
from typing import Any
from urllib.parse import quote

from clipmill.client.calls import Call, Reply
from clipmill.client.file_piece import FilePiece
from clipmill.client.patience import Patience, answered
from clipmill.client.steps import Do, Steps
from clipmill.client.views import RemoteObject
from clipmill.errors import AccessDeniedError, ClipmillError, ConflictError, NotFoundError, SourceMissingError
from clipmill.storage.faults import os_faults
from clipmill.storage.store import OnBytes

_SILENCE_S = 120.0
_JOIN_S = 1800.0
"""A service that keeps files copies their parts into one before it answers."""


@dataclass(frozen=True)
class Plan:
    """Which file goes where. ``resume`` is the id of an upload that was begun before."""

    path: Path
    key: str
    content_type: str | None
    resume: str | None
    on_bytes: OnBytes = field(repr=False)


def upload(patience: Patience, plan: Plan) -> Steps[RemoteObject]:
    """Send the parts of a file that are not there yet, and make them an object."""
    before: stat_result = yield Do(lambda: _stat(plan.path))
    begun = yield from answered(patience, _beginning(plan, before.st_size))
    told = begun.json()
    try:
        _check(plan, told, before.st_size)
        yield from _parts(patience, plan, told)
        after: stat_result = yield Do(lambda: _stat(plan.path))
        if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise ConflictError(f"{plan.path} was changed while it was sent. Send it again, as a new upload.")
        return (yield from _completed(patience, told, begun))
    except ClipmillError as fault:
        raise type(fault)(fault.message, details=fault.details | {"upload_id": told["id"]}) from fault


def _stat(path: Path) -> stat_result:
    with os_faults(f"read {path}", writing=False):
        return path.stat()


def _beginning(plan: Plan, size: int) -> Call:
    if plan.resume is not None:
        return Call("GET", _path(plan.resume))
    said = {"content_type": plan.content_type} if plan.content_type else {}
    return Call.post("/v1/uploads", {"key": plan.key, "size": size} | said)


def _check(plan: Plan, told: Mapping[str, Any], size: int) -> None:
    if (told["key"], told["size"]) != (plan.key, size):
        raise ConflictError(
            f"upload {told['id']} is of {told['size']} bytes for {told['key']!r:.200}, not of {size} for {plan.key!r:.200}. "
            "Begin a new one."
        )


def _parts(patience: Patience, plan: Plan, page: Mapping[str, Any]) -> Steps[None]:
    meter = _Meter(plan, page["size"])
    while True:
        for part in page["parts"]:
            if part["etag"] is None:
                yield from _sent(patience, plan, (page["id"], part), meter)
            meter.add(part["size"])
        if page["after"] is None:
            return
        reply = yield from answered(patience, Call("GET", _path(page["id"]), {"after": str(page["after"])}))
        page = reply.json()


def _sent(patience: Patience, plan: Plan, where: tuple[str, Mapping[str, Any]], meter: "_Meter") -> Steps[None]:
    """Send a part; a link that was good for a while is asked for once more."""
    upload_id, part = where
    try:
        yield from answered(patience, _part_call(plan, part, meter))
    except AccessDeniedError:
        if part["needs_key"]:
            raise
        query = {"after": str(part["number"] - 1), "limit": "1"}
        reply = yield from answered(patience, Call("GET", _path(upload_id), query))
        yield from answered(patience, _part_call(plan, reply.json()["parts"][0], meter))


def _part_call(plan: Plan, part: Mapping[str, Any], meter: "_Meter") -> Call:
    piece = FilePiece(plan.path, part["offset"], part["size"], meter.on_bytes)
    return Call("PUT", part["url"], headers=part["headers"], body=piece, within_s=_SILENCE_S)


def _completed(patience: Patience, told: Mapping[str, Any], begun: Reply) -> Steps[RemoteObject]:
    """Make the parts an object. If an answer to that was lost, the object tells that it was made."""
    try:
        reply = yield from answered(patience, Call("POST", _path(told["id"], ":complete"), within_s=_JOIN_S))
        made = reply.json()
        return RemoteObject(made["key"], made["size"], made["etag"])
    except NotFoundError as gone:
        try:
            reply = yield from answered(patience, Call("HEAD", f"/v1/objects/{quote(told['key'])}"))
        except SourceMissingError:
            raise gone from None
        headers = reply.headers
        size = int(headers.get("content-length", "-1"))
        if size != told["size"] or _moment(headers, "last-modified") < _moment(begun.headers, "date"):
            raise
        return RemoteObject(told["key"], size, headers.get("etag"))


def _moment(headers: Mapping[str, str], name: str) -> float:
    """A time in a header, in seconds; what is not told is long ago for an object, and just now for a clock."""
    try:
        return parsedate_to_datetime(headers[name]).timestamp()
    except (KeyError, ValueError):
        return float("-inf") if name == "last-modified" else float("inf")


class _Meter:
    """Tells how much of a file has arrived or is on its way; a part that is sent again does not take it back."""

    def __init__(self, plan: Plan, size: int) -> None:
        self._on_bytes = plan.on_bytes
        self._size = size
        self._arrived = 0
        self._told = 0

    def on_bytes(self, done: int, _total: int) -> None:
        self._tell(self._arrived + done)

    def add(self, size: int) -> None:
        self._arrived += size
        self._tell(self._arrived)

    def _tell(self, done: int) -> None:
        if done > self._told:
            self._told = done
            self._on_bytes(done, self._size)


def _path(upload_id: str, rest: str = "") -> str:
    return f"/v1/uploads/{quote(upload_id, safe='')}{rest}"
