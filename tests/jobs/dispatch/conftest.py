import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.lent_nursery import lent_nursery

from clipmill.jobs.ledger import Ledger, endings
from clipmill.jobs.ledger.database import open_engine

__all__ = ["lent_nursery"]

MakeLedger = Callable[..., Ledger]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dispatch") / "template.db"
    Ledger.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def open_ledger(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeLedger]:
    """Opens the one ledger of the test, as often as it likes; attempts follow one another at once."""
    monkeypatch.setattr(endings, "ATTEMPT_PAUSES_S", (0, 0))
    shutil.copy(template, tmp_path / "ledger.db")
    opened: list[Ledger] = []

    def make(lease_s: float = 30.0) -> Ledger:
        opened.append(Ledger(open_engine(f"sqlite:///{tmp_path}/ledger.db"), leased_for=timedelta(seconds=lease_s)))
        return opened[-1]

    yield make
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(open_ledger: MakeLedger) -> Ledger:
    return open_ledger()
