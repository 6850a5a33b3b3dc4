import pytest
from sqlalchemy import Engine
from tests.jobs.ledger.worlds import World


@pytest.fixture
def there(sqlite_engine: Engine) -> World:
    """A ledger with a clock that the test moves."""
    return World(sqlite_engine)
