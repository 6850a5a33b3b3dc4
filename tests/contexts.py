"""A small real world for functions: one folder whose files are the objects."""

from pathlib import Path

from clipmill.function.stages import Stage

SCRATCH = ".scratch"


class FolderContext:
    """Keys are paths relative to the folder; what is published moves there and what is retired goes, at once."""

    def __init__(self, folder: Path, threads: int = 1, shared: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.shared = shared
        self.threads = threads
        self.reports: list[tuple[int, int, Stage]] = []
        self.published: list[str] = []
        self.retired: list[str] = []
        self._files = 0

    def put(self, path: Path, key: str | None = None) -> str:
        """Make a file of elsewhere an object; its key."""
        key = key or path.name
        target = self.folder / key
        target.parent.mkdir(parents=True, exist_ok=True)
        if target != path:
            target.unlink(missing_ok=True)
            target.symlink_to(path)
        return key

    def open(self, key: str) -> Path:
        return self.folder / key

    def fetch(self, key: str) -> Path:
        return self.folder / key

    def new_file(self, name: str) -> Path:
        self._files += 1
        folder = self.folder / SCRATCH / str(self._files)
        folder.mkdir(parents=True)
        return folder / name

    def publish(self, path: Path, key: str) -> None:
        target = self.folder / key
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
        self.published.append(key)

    def shared_prefixes(self) -> tuple[str, ...]:
        return self.shared

    def names(self, prefix: str) -> list[str]:
        folder = self.folder / prefix
        return sorted(path.relative_to(self.folder).as_posix() for path in folder.rglob("*") if path.is_file())

    def mark(self, key: str) -> None:
        target = self.folder / key
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()

    def retire(self, key: str) -> None:
        (self.folder / key).unlink(missing_ok=True)
        self.retired.append(key)

    def report(self, done: int, total: int, stage: Stage) -> None:
        self.reports.append((done, total, stage))

    @property
    def left_behind(self) -> list[str]:
        """Scratch files that are still there."""
        return [path.name for path in (self.folder / SCRATCH).rglob("*") if path.is_file()]
