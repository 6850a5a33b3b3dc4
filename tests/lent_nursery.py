"""One warm process for all tests of a test process that render: to start one for each takes longer than the renders."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from clipmill.jobs.machine import Machine
from clipmill.jobs.nursery import Nursery
from clipmill.jobs.process import ChildProcess
from clipmill.runners.local import runner

Wanted = tuple[tuple[str, ...], int]


class Lent(Nursery):
    """A nursery that whoever borrowed it gives back by closing it."""

    def __init__(self, owned: Nursery) -> None:
        self._owned = owned

    @property
    def is_gone(self) -> bool:
        return self._owned.is_gone

    def start(self, scratch: Path, environment: Mapping[str, str], module: str) -> ChildProcess:
        return self._owned.start(scratch, environment, module)

    def collect(self, pid: int) -> tuple[int, int]:
        return self._owned.collect(pid)

    def close(self) -> None:
        """Somebody else goes on with it."""


class Nurseries:
    """Lends a nursery to all who find the same modules."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._owned: dict[Wanted, Nursery] = {}

    def lend(self, machine: Machine) -> Nursery | None:
        """What a runner opens for itself otherwise."""
        wanted = (tuple(sys.path), machine.threads)
        if wanted not in self._owned or self._owned[wanted].is_gone:
            opened = Nursery.open(self._folder, machine.environment, machine.threads, ())
            if opened is None:
                return None
            self._owned[wanted] = opened
        machine.scratch_root.mkdir(parents=True, exist_ok=True)
        return Lent(self._owned[wanted])

    def close(self) -> None:
        for nursery in self._owned.values():
            nursery.close()


@pytest.fixture(scope="session")
def nurseries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nurseries]:
    lender = Nurseries(tmp_path_factory.mktemp("nursery"))
    yield lender
    lender.close()


@pytest.fixture(autouse=True)
def lent_nursery(nurseries: Nurseries, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runners of this process borrow their warm processes. Import it where they are not what is tested."""
    monkeypatch.setattr(runner, "_nursery", nurseries.lend)
