import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.jobs.caption_book.worlds import World
from tests.jobs.ledger import postgres

from clipmill.jobs.caption_book import CaptionBook
from clipmill.jobs.caption_book.tables import cropped_frames_versions, database_locks, processing_state, videos
from clipmill.jobs.ledger.database import open_engine, writing


@pytest.fixture(scope="package")
def postgres_book() -> Iterator[str]:
    with postgres.server() as url:
        CaptionBook.open(url).close()
        yield url


@pytest.fixture(scope="package")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "template.db"
    CaptionBook.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def sqlite_world(sqlite_template: Path, tmp_path: Path) -> Iterator[World]:
    shutil.copy(sqlite_template, tmp_path / "book.db")
    world = World(open_engine(f"sqlite:///{tmp_path / 'book.db'}"))
    yield world
    world.engine.dispose()


@pytest.fixture
def postgres_world(postgres_book: str) -> Iterator[World]:
    world = World(open_engine(postgres_book))
    with writing(world.engine) as connection:
        for table in (videos, processing_state, database_locks, cropped_frames_versions):
            connection.execute(table.delete())
    yield world
    world.engine.dispose()


@pytest.fixture(params=["sqlite_world", "postgres_world"])
def there(request: pytest.FixtureRequest) -> World:
    """An empty book, in each of the databases, whose time stands still until the test moves it."""
    return request.getfixturevalue(request.param)
