"""Objects of a service as local files. A connection that breaks is taken up where it broke, also by the next process."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

from clipmill.client.calls import Call, Reply
from clipmill.client.landing import Landing
from clipmill.client.patience import Patience
from clipmill.client.problems import error_of
from clipmill.client.steps import Do, Pause, Steps, opened, piece
from clipmill.client.views import RemoteOutput
from clipmill.errors import ClipmillError, StorageUnavailableError
from clipmill.storage.store import OnBytes

_BLOCK = 1 << 20
_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+)")
_SHA256 = re.compile(r"(?:^|[\s,])sha-256=:([A-Za-z0-9+/=]+):")


def download(patience: Patience, source: str | RemoteOutput, path: Path, on_bytes: OnBytes) -> Steps[Path]:
    """Write an object to a file, which appears complete or not at all."""
    landing: Landing = yield Do(lambda: Landing.at(path))
    try:
        sha256 = yield from _fetched(patience, _address(source), landing, on_bytes)
        yield Do(lambda: landing.finish(sha256))
    finally:
        landing.close()
    return path


@dataclass(frozen=True)
class _Beginning:
    """What the head of an answer says of the whole object."""

    size: int | None
    sha256: bytes | None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> "_Beginning":
        found = _RANGE.fullmatch(headers.get("content-range", ""))
        size = found[2] if found else headers.get("content-length")
        return cls(None if size is None else int(size), _sha256(headers.get("repr-digest", "")))


def _address(source: str | RemoteOutput) -> str:
    return f"/v1/objects/{quote(source)}" if isinstance(source, str) else source.url


def _fetched(patience: Patience, url: str, landing: Landing, on_bytes: OnBytes) -> Steps[bytes | None]:
    """All bytes of the object, over as many connections as it takes; the digest that they must have, if it is told."""
    failures = 0
    while True:
        before = landing.size
        try:
            beginning = yield from _connection(url, landing, on_bytes)
            if beginning.size in {None, landing.size}:
                return beginning.sha256
            fault: ClipmillError = StorageUnavailableError(
                f"the download of {landing.target.name} broke off at {landing.size} of {beginning.size} bytes."
            )
        except ClipmillError as lost:
            fault = lost
        failures = 1 if landing.size > before else failures + 1
        wait_s = patience.pause(patience.pauses_s, failures, fault)
        if wait_s is None:
            raise fault
        yield Pause(wait_s)


def _connection(url: str, landing: Landing, on_bytes: OnBytes) -> Steps[_Beginning]:
    """What comes over one connection, written down also where it breaks."""
    reply = yield from opened(_call(url, landing))
    beginning = _Beginning.of(reply.headers)
    if reply.status == 416:
        # Nothing lies behind what we have: it is all, or it is of something else.
        if landing.size != beginning.size:
            yield Do(lambda: landing.begin(""))
            raise StorageUnavailableError(f"{landing.target.name} is another one now; it is downloaded anew.")
        return beginning
    if reply.status not in {200, 206}:
        raise error_of(reply)
    if not _goes_on(reply, landing):
        yield Do(lambda: landing.begin(reply.headers.get("etag", "")))
    yield from _written(landing, beginning.size, on_bytes)
    return beginning


def _call(url: str, landing: Landing) -> Call:
    is_strong = bool(landing.etag) and not landing.etag.startswith("W/")
    if not (landing.size and is_strong):
        return Call("GET", url)
    return Call("GET", url, headers={"Range": f"bytes={landing.size}-", "If-Range": landing.etag})


def _goes_on(reply: Reply, landing: Landing) -> bool:
    """Whether the answer begins where we stopped, in the same version."""
    found = _RANGE.fullmatch(reply.headers.get("content-range", ""))
    starts = int(found[1]) if reply.status == 206 and found and found[1] else 0
    if reply.status == 206 and starts != landing.size:
        raise StorageUnavailableError(f"asked for {landing.target.name} from byte {landing.size} on, got {starts}.")
    return reply.status == 206


def _written(landing: Landing, size: int | None, on_bytes: OnBytes) -> Steps[None]:
    block = bytearray()
    try:
        while (data := (yield from piece())) is not None:
            block += data
            if len(block) >= _BLOCK:
                yield Do(partial(landing.write, bytes(block)))
                block.clear()
                on_bytes(landing.size, size or landing.size)
    except ClipmillError:
        landing.write(bytes(block))
        raise
    yield Do(partial(landing.write, bytes(block)))
    on_bytes(landing.size, size or landing.size)


def _sha256(text: str) -> bytes | None:
    """The digest of a ``Repr-Digest`` header (RFC 9530)."""
    found = _SHA256.search(text)
    try:
        return base64.b64decode(found[1], validate=True) if found else None
    except binascii.Error:
        return None
