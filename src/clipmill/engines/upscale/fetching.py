"""Bring weights into the folder of models: from their makers, an address or a file; whole and as meant, or not at all."""

import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from clipmill.engines.upscale.published import PUBLISHED
from clipmill.engines.upscale.store import SUFFIXES, published_file
from clipmill.engines.upscale.weights import digest_of
from clipmill.errors import (
    InvalidRequestError,
    ModelDigestMismatchError,
    SourceMissingError,
    StorageUnavailableError,
)
from clipmill.media.choices import UpscaleModel

Chunks = Callable[[str], Iterator[bytes]]
"""The bytes at an address."""

_DIGITS = 64
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Weights to fetch: where they are now, their digest, and the file that they become."""

    place: str
    sha256: str
    path: Path

    @classmethod
    def parse(cls, text: str, folder: Path) -> "Wanted":
        """The name of a published model, or ``PLACE#SHA256`` of an address or a file."""
        if text in {model.value for model in UpscaleModel}:
            model = UpscaleModel(text)
            return cls(PUBLISHED[model].url, PUBLISHED[model].sha256, published_file(model, folder))
        place, _, sha256 = text.rpartition("#")
        sha256 = sha256.casefold()
        suffix = Path(place.partition("?")[0]).suffix.casefold()
        if not place or len(sha256) != _DIGITS or set(sha256) - set("0123456789abcdef") or suffix not in SUFFIXES:
            known = ", ".join(UpscaleModel)
            raise InvalidRequestError(
                f"expected one of {known}, or an address or a file that ends in {' or '.join(SUFFIXES)} and, behind a #, "
                f"its SHA-256; got {text!r:.200}"
            )
        return cls(place, sha256, folder / f"{sha256}{suffix}")

    @property
    def is_there(self) -> bool:
        return self.path.is_file() and digest_of(self.path) == self.sha256

    def fetch(self, chunks: Chunks | None = None) -> bool:
        """Bring the file; False where it was there already."""
        if self.is_there:
            return False
        remote = self.place.startswith(("https://", "http://"))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with _unnamed(self.path) as (path, file):
            for chunk in (chunks or downloaded)(self.place) if remote else _copied(Path(self.place)):
                file.write(chunk)
            file.flush()
            if digest_of(path) != self.sha256:
                raise ModelDigestMismatchError(
                    f"{self.place.partition('?')[0]}: expected SHA-256 {self.sha256}, got {digest_of(path)}; nothing was "
                    "stored. Check the digest, or fetch from another place."
                )
            path.replace(self.path)
        return True


def downloaded(url: str) -> Iterator[bytes]:
    """The bytes at an address; redirections are followed, for the digest says what must arrive."""
    import httpx

    shown = url.partition("?")[0]
    try:
        with httpx.stream("GET", url, follow_redirects=True, timeout=_PATIENCE_S) as answer:
            if answer.is_server_error:
                raise StorageUnavailableError(f"{shown} answered {answer.status_code}; try again later")
            if not answer.is_success:
                raise SourceMissingError(f"{shown} answered {answer.status_code}; check the address")
            yield from answer.iter_bytes()
    except httpx.HTTPError as fault:
        raise StorageUnavailableError(f"{shown}: {type(fault).__name__}; check the network and try again") from fault


def _copied(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                yield chunk
    except OSError as fault:
        raise SourceMissingError(f"{path}: {fault.strerror}; check the path") from fault


@contextmanager
def _unnamed(path: Path) -> Generator[tuple[Path, BinaryIO]]:
    """A file beside another that is gone in the end, unless it was renamed."""
    folder = Path(tempfile.mkdtemp(prefix=".fetching-", dir=path.parent))
    try:
        unfinished = folder / path.name
        with unfinished.open("wb") as file:
            yield unfinished, file
    finally:
        shutil.rmtree(folder, ignore_errors=True)
