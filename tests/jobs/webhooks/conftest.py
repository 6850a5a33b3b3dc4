import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.jobs.ledger.worlds import World

from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.database import open_engine


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "empty.db"
    Ledger.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def there(empty_ledger: Path, tmp_path: Path) -> Iterator[World]:
    """A ledger with a clock that the test moves."""
    shutil.copy(empty_ledger, tmp_path / "ledger.db")
    engine = open_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield World(engine)
    engine.dispose()
