from pathlib import Path

import pytest
from tests.lent_nursery import lent_nursery

__all__ = ["lent_nursery"]


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with a store and scratch space below it."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("CLIPMILL_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("CLIPMILL_SCRATCH", str(tmp_path / "scratch"))
    for name in ("CLIPMILL_TENANT", "CLIPMILL_SHARED_PREFIXES", "CLIPMILL_TIMEOUT_S", "CLIPMILL_MEMORY_GB", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return folder
