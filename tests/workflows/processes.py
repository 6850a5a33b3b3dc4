"""What processes a process has, and what they are doing; Linux only."""

import os
from pathlib import Path


def below(pid: int) -> list[int]:
    """Every living descendant of a process, parents before their children."""
    parents = {int(path.name): parent for path in Path("/proc").glob("[0-9]*") if (parent := _parent(path)) is not None}
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def workers() -> list[int]:
    """The processes in which functions run: forks of the warm processes that are this one's children."""
    here = os.getpid()
    return [pid for pid in below(here) if _parent(Path(f"/proc/{pid}")) != here and _is_warm(pid)]


def _is_warm(pid: int) -> bool:
    """Whether a process comes from a warm one of ours: databases and browsers of other tests have children too."""
    try:
        return b"clipmill.jobs.warm" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


def _parent(path: Path) -> int | None:
    """The parent of a process that still runs; a zombie that nobody has collected does not."""
    try:
        state, parent = (path / "stat").read_text().rpartition(")")[2].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state in {"Z", "X"} else int(parent)
