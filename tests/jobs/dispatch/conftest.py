from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.ledgers import new_ledger
from tests.lent_nursery import lent_nursery

from clipmill.jobs.ledger import Ledger, endings
from clipmill.jobs.ledger.database import open_engine

__all__ = ["lent_nursery"]

MakeLedger = Callable[..., Ledger]


@pytest.fixture
def open_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeLedger]:
    """Opens the one ledger of the test, as often as it likes; attempts follow one another at once."""
    monkeypatch.setattr(endings, "ATTEMPT_PAUSES_S", (0, 0))
    url = new_ledger(tmp_path / "ledger.db")
    opened: list[Ledger] = []

    def make(lease_s: float = 30.0) -> Ledger:
        opened.append(Ledger(open_engine(url), leased_for=timedelta(seconds=lease_s)))
        return opened[-1]

    yield make
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(open_ledger: MakeLedger) -> Ledger:
    return open_ledger()
