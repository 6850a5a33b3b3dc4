import threading
from datetime import timedelta

import pytest
from tests.jobs.dispatch.conftest import MakeLedger
from tests.jobs.machines import wait_until

from clipmill.errors import StorageUnavailableError
from clipmill.jobs.dispatch import sweeper
from clipmill.jobs.dispatch.sweeper import Sweeper
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.retention import Retention

KEPT = Retention(events=timedelta(days=3))


def test_a_sweeper_goes_on_until_nothing_old_is_left_and_over_a_ledger_that_does_not_answer(
    open_ledger: MakeLedger, monkeypatch: pytest.MonkeyPatch
):
    rounds = [2, StorageUnavailableError("busy"), 1, KeyError("a bug"), 5, 0]
    asked: list[Retention] = []

    def forget(_ledger: Ledger, kept: Retention) -> int:
        asked.append(kept)
        found = rounds.pop(0) if rounds else 0
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(Ledger, "forget", forget)
    monkeypatch.setattr(sweeper, "EVERY_S", 0.01)
    working = Sweeper(open_ledger(), KEPT)
    working.start()
    wait_until(lambda: not rounds)
    working.stop()
    assert set(asked) == {KEPT}
    assert "clipmill-sweeper" not in {thread.name for thread in threading.enumerate()}


def test_a_sweeper_that_was_never_started_can_be_stopped(ledger: Ledger):
    Sweeper(ledger, KEPT).stop()
