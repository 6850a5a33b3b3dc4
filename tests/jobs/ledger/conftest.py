import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from tests.jobs.ledger import postgres
from tests.jobs.ledger.worlds import World

from clipmill.jobs.caption_book.tables import metadata
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.database import open_engine

_numbers = count()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_ledger(postgres_server: str) -> str:
    """The URL of a ledger that tests use one after another; to make one for each takes too long."""
    url = _new_database(postgres_server)
    Ledger.open(url).close()
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "template.db"
    Ledger.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty ledger, in each of the databases."""
    if request.param == "sqlite":
        path = tmp_path / "ledger.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    url = request.getfixturevalue("postgres_ledger")
    for table in reversed(metadata.sorted_tables):
        _run(url, str(table.delete()))
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for a ledger with nothing in it yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new' / 'ledger.db'}"
    return _new_database(request.getfixturevalue("postgres_server"))


@pytest.fixture
def postgres_database(postgres_server: str) -> Callable[[], str]:
    """Makes databases with nothing in them."""
    return lambda: _new_database(postgres_server)


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
def there(ledger_url: str, engine_of: Callable[[str], Engine]) -> World:
    """A ledger with a clock that the test moves."""
    return World(engine_of(ledger_url))


def _new_database(url: str) -> str:
    name = f"ledger_{next(_numbers)}"
    _run(url, f"CREATE DATABASE {name}")
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _run(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())
