"""The little of the world that a function sees: files by key, scratch space, a progress report."""

from pathlib import Path
from typing import BinaryIO, Protocol

from clipmill.function.stages import Stage

Media = Path | BinaryIO
"""Something the engines can read: a local file, or a seekable reader of byte ranges."""


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
        """Make a finished file the object under ``key``: complete or not at all."""
        ...

    def report(self, done: int, total: int, stage: Stage) -> None:
        """Tell how far a stage is; raises `CancelledError` once someone asked to stop."""
        ...
