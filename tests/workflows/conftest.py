import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from tests.lent_nursery import lent_nursery
from tests.workflows.clips import numbered
from tests.workflows.exports import MakeShop, Shop, machine_in

from clipmill.runners.local import LocalRunner

__all__ = ["lent_nursery"]

LENGTHS = (30, 24, 36)


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three sources of 30, 24 and 36 frames, numbered from 0, 1000 and 2000."""
    folder = tmp_path_factory.mktemp("sources")
    return [numbered(folder / f"{clip}.mp4", 1000 * clip, frames) for clip, frames in enumerate(LENGTHS)]


@pytest.fixture(scope="session")
def match(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source of 400 frames: it takes a while."""
    return numbered(tmp_path_factory.mktemp("sources") / "match.mp4", 0, 400)


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A machine and two places to render, shared by all tests."""
    folder = tmp_path_factory.mktemp("shop")
    machine = machine_in(folder)
    with LocalRunner(machine, 2) as runner:
        yield Shop(folder, machine, runner)


@pytest.fixture(scope="session")
def small_workshop(workshop: Shop) -> Iterator[Shop]:
    """The same machine with one place to render."""
    with LocalRunner(workshop.machine, 1) as runner:
        yield Shop(workshop.folder, workshop.machine, runner)


@pytest.fixture
def shop(workshop: Shop, drawn: list[Path]) -> Shop:
    """The shared machine for a tenant of its own, who has the sources ``0.mp4``, ``1.mp4`` and ``2.mp4``."""
    return stocked(_own(workshop), drawn)


@pytest.fixture
def small_shop(small_workshop: Shop, drawn: list[Path]) -> Shop:
    """A shop that renders one clip after the other."""
    return stocked(_own(small_workshop), drawn)


@pytest.fixture
def open_shop(drawn: list[Path], tmp_path: Path) -> Iterator[MakeShop]:
    """Make a machine and a runner of one's own."""
    with ExitStack() as opened:

        def make(cores: int = 2, **changes: object) -> Shop:
            machine = machine_in(tmp_path, **changes)
            return stocked(Shop(tmp_path, machine, opened.enter_context(LocalRunner(machine, cores))), drawn)

        yield make


def _own(workshop: Shop) -> Shop:
    return Shop(workshop.folder, workshop.machine, workshop.runner, f"tenant-{uuid4().hex}")


def stocked(shop: Shop, sources: list[Path]) -> Shop:
    """The shop with copies of these sources."""
    for source in sources:
        shutil.copyfile(source, shop.path(source.name))
    return shop
