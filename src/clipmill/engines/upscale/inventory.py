"""What lies in the folder of models, and whether it is what it should be."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clipmill.engines.upscale.published import PUBLISHED
from clipmill.engines.upscale.store import SUFFIXES, published_file
from clipmill.engines.upscale.weights import digest_of


@dataclass(frozen=True, slots=True)
class Kept:
    """Weights that are or could be in the folder; ``bytes`` is None where they are not."""

    name: str
    path: Path
    sha256: str
    bytes: int | None

    @property
    def found(self) -> str | None:
        """The digest of the file."""
        return None if self.bytes is None else digest_of(self.path)

    @property
    def is_sound(self) -> bool:
        return self.found == self.sha256

    @property
    def state(self) -> str:
        """In a word: ready, damaged or missing."""
        if self.bytes is None:
            return "missing"
        return "ready" if self.is_sound else "damaged"


def inventory(folder: Path) -> list[Kept]:
    """The published models first, then what came from elsewhere, which is named by its digest."""
    return [*_published(folder), *_others(folder)]


def _published(folder: Path) -> Iterator[Kept]:
    for model, published in PUBLISHED.items():
        path = published_file(model, folder)
        yield Kept(model.value, path, published.sha256, path.stat().st_size if path.is_file() else None)


def _others(folder: Path) -> Iterator[Kept]:
    known = {published.file_name for published in PUBLISHED.values()}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix in SUFFIXES and path.name not in known:
            yield Kept(path.name, path, path.stem, path.stat().st_size)
