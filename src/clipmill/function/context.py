"""The little of the world that a function sees: files by key, scratch space, a progress report."""

from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable

from clipmill.function.stages import Stage

Media = Path | BinaryIO
"""Something the engines can read: a local file, or a seekable reader of byte ranges."""


@runtime_checkable
class Versioned(Protocol):
    """Media that can tell which version of an object they are."""

    etag: str
    """Changes whenever the bytes do; empty where the store has none."""


class Context(Protocol):
    """No store, job id, user or platform: a function that holds one runs anywhere."""

    threads: int
    """How many cores this call may keep busy."""

    def open(self, key: str) -> Media:
        """A local path where the bytes already lie on this machine, else a reader that fetches ranges on demand."""
        ...

    def fetch(self, key: str) -> Path:
        """A local file with the whole object."""
        ...

    def new_file(self, name: str) -> Path:
        """A path in scratch space that nobody else uses; gone when the call ends."""
        ...

    def publish(self, path: Path, key: str) -> None:
        """Make a finished file the object under ``key``: complete or not at all, and once the call has succeeded.

        The last outputs of a call appear in the order of the calls, behind all others: a list of what there is comes last.
        """
        ...

    def shared_prefixes(self) -> tuple[str, ...]:
        """Where objects lie that every tenant may read and nobody here writes; their keys take no tenant."""
        ...

    def names(self, prefix: str) -> list[str]:
        """The key of every object below a folder, sorted; none where there is no such folder."""
        ...

    def mark(self, key: str) -> None:
        """Write an empty object now; unlike an output it stays whatever becomes of this call."""
        ...

    def retire(self, key: str) -> None:
        """Delete an object once the outputs of this call are all there; never if the call fails."""
        ...

    def report(self, done: int, total: int, stage: Stage) -> None:
        """Tell how far a stage is; raises `CancelledError` once someone asked to stop."""
        ...
