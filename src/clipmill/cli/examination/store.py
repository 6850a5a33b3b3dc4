"""Whether a store keeps its word: every verb of it, tried on objects of our own that are gone afterwards."""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from clipmill.cli.examination.checks import Check
from clipmill.cli.wording import size_text
from clipmill.errors import ClipmillError, SourceMissingError, StorageError, StorageWriteFailedError
from clipmill.jobs.scratch import Scratch
from clipmill.settings import Settings
from clipmill.storage.keys import full_key
from clipmill.storage.objects import PART_BYTES
from clipmill.storage.open import Patience, open_store
from clipmill.storage.redact import redact
from clipmill.storage.retry import RetryPolicy
from clipmill.storage.store import SignsUrls, Store

LARGE_BYTES = PART_BYTES + 1024 * 1024
"""More than one part, so that it goes up in several."""
_LINK_S = 60
PAUSES_S = (0.5,)
PATIENCE = Patience(connect_s=5)
"""Who asks for a doctor wants to hear of trouble soon."""


class StoreTrial:
    """Checks of one store, in an order where each builds on the one before."""

    def __init__(self, url: str, settings: Settings) -> None:
        self._url = url
        self._settings = settings
        self._opened: Store | None = None
        # One folder for all trials: a store that is a folder keeps empty ones.
        self._folder = full_key(settings.tenant, "temp/doctor")
        self._mark = secrets.token_hex(8)
        self._small = secrets.token_bytes(4096)

    def checks(self) -> Iterator[Check]:
        yield Check("store", self._open)
        yield Check("put", self._put)
        yield Check("range", self._range)
        yield Check("replace", self._replace)
        yield Check("multipart", self._large)
        yield Check("list", self._list)
        yield Check("presign", self._sign, needed=False)
        yield Check("delete", self._delete)

    def clean_up(self) -> None:
        """Delete what a failed check may have left; that a store refuses even this has been told already."""
        if self._opened:
            with suppress(ClipmillError):
                for name in ("small", "large"):
                    self._opened.delete(self._key(name))

    @property
    def _store(self) -> Store:
        assert self._opened is not None
        return self._opened

    def _open(self) -> str:
        self._opened = open_store(self._url, self._settings.environment, RetryPolicy(PAUSES_S), PATIENCE)
        return redact(self._url)

    def _put(self) -> str:
        info = self._store.put_bytes(self._key("small"), self._small)
        _expect(self._store.get_bytes(self._key("small")) == self._small, "the bytes read are not those written")
        return f"{size_text(info.size)} written and read back"

    def _range(self) -> str:
        part = self._store.read_range(self._key("small"), 1000, 24)
        _expect(part == self._small[1000:1024], "a range of bytes is not what was asked for")
        beyond = self._store.read_range(self._key("small"), 4000, 1000)
        _expect(beyond == self._small[4000:], "a range over the end is not what was asked for")
        return "reads by byte range, also over the end"

    def _replace(self) -> str:
        before = self._store.head(self._key("small")).etag
        self._small = secrets.token_bytes(2048)
        after = self._store.put_bytes(self._key("small"), self._small).etag
        _expect(self._store.get_bytes(self._key("small")) == self._small, "an old version came back after a new one")
        _expect(before != after or before is None, "the version of an object did not change with its bytes")
        return "a new version is seen at once"

    def _large(self) -> str:
        scratch = Scratch.make(self._settings.scratch_root)
        try:
            source, copy = scratch.folder / "large", scratch.folder / "copy"
            source.write_bytes(secrets.token_bytes(1024 * 1024) * (LARGE_BYTES // (1024 * 1024)))
            info = self._store.upload(source, self._key("large"))
            self._store.download(self._key("large"), copy)
            _expect(_digest(source) == _digest(copy), "a large object came back changed")
        finally:
            scratch.remove()
        return f"{size_text(info.size)} up in parts and down again"

    def _list(self) -> str:
        found = {info.key for info in self._store.list(self._folder + "/") if self._mark in info.key}
        expected = {self._key("small"), self._key("large")}
        _expect(found == expected, f"expected {len(expected)} objects in the folder, got {len(found)}")
        return f"{len(found)} objects found"

    def _sign(self) -> str:
        link = self._store.sign_get(self._key("small"), _LINK_S) if isinstance(self._store, SignsUrls) else None
        if link is None:
            raise StorageError("this store makes no links; results are served by clipmill itself")
        try:
            with urlopen(Request(link), timeout=_LINK_S) as answer:  # noqa: S310 - our own store made the link
                data = answer.read()
        except URLError as fault:
            raise StorageError(f"the link does not open: {fault.reason}") from fault
        _expect(data == self._small, "a link leads to other bytes")
        return f"a link for {_LINK_S} s opens"

    def _delete(self) -> str:
        for name in ("small", "large"):
            self._store.delete(self._key(name))
        try:
            self._store.head(self._key("small"))
        except SourceMissingError:
            return "deleted objects are gone"
        raise StorageWriteFailedError("an object is still there after it was deleted")

    def _key(self, name: str) -> str:
        return f"{self._folder}/{self._mark}-{name}"


def _expect(held: bool, fault: str) -> None:
    if not held:
        raise StorageWriteFailedError(f"{fault}. The store breaks its promises: do not use it.")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
