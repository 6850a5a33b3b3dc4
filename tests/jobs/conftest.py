from collections.abc import Callable, Iterator
from itertools import count

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from tests.jobs.ledger import postgres
from tests.ledgers import emptied, kept_engine, new_ledger

_numbers = count()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_database(postgres_server: str) -> Callable[[], str]:
    """Makes databases with nothing in them."""

    def made() -> str:
        name = f"ledger_{next(_numbers)}"
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return make_url(postgres_server).set(database=name).render_as_string(hide_password=False)

    return made


@pytest.fixture(scope="session")
def kept_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = kept_engine(new_ledger(tmp_path_factory.mktemp("ledger") / "ledger.db"))
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def kept_postgres(postgres_database: Callable[[], str]) -> Iterator[Engine]:
    engine = kept_engine(postgres_database())
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_engine(kept_sqlite: Engine) -> Engine:
    """An empty ledger, which is an empty caption book too."""
    return emptied(kept_sqlite)


@pytest.fixture
def postgres_engine(kept_postgres: Engine) -> Engine:
    return emptied(kept_postgres)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """An empty ledger, in each of the databases."""
    return request.getfixturevalue({"sqlite": "sqlite_engine", "postgresql": "postgres_engine"}[request.param])
