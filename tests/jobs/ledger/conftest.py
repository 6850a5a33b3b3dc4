from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.jobs.ledger.worlds import World

from clipmill.jobs.ledger.database import open_engine


@pytest.fixture
def ledger_url(engine: Engine) -> str:
    """Where others find the ledger of the test."""
    return engine.url.render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for a ledger with nothing in it yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new' / 'ledger.db'}"
    return request.getfixturevalue("postgres_database")()


@pytest.fixture
def engine_of() -> Iterator[Callable[[str], Engine]]:
    engines: list[Engine] = []

    def opened(url: str) -> Engine:
        engines.append(open_engine(url))
        return engines[-1]

    yield opened
    for engine in engines:
        engine.dispose()


@pytest.fixture
def there(engine: Engine) -> World:
    """A ledger with a clock that the test moves."""
    return World(engine)
