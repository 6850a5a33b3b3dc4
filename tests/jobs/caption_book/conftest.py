import pytest
from sqlalchemy import Engine
from tests.jobs.caption_book.worlds import World


@pytest.fixture
def sqlite_world(sqlite_engine: Engine) -> World:
    return World(sqlite_engine)


@pytest.fixture
def there(engine: Engine) -> World:
    """An empty book, in each of the databases, whose time stands still until the test moves it."""
    return World(engine)
