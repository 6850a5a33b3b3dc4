from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.api.callers import Caller
from tests.api.worlds import World


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    with ExitStack() as opened:

        def make(**changes: Any) -> World:
            world = World(tmp_path, **changes)
            opened.callback(world.ledger.close)
            return world

        yield make


@pytest.fixture
def there(make_world: Callable[..., World]) -> World:
    return make_world()


@pytest.fixture
def calling() -> Iterator[Callable[..., Caller]]:
    """Opens callers of an app, without a key."""
    with ExitStack() as opened:
        yield lambda world, **how: opened.enter_context(Caller(world.app, **how))


@pytest.fixture
def client(there: World, calling: Callable[..., Caller]) -> Caller:
    """Calls with a key of the tenant `team`."""
    caller = calling(there)
    caller.headers = there.headers()
    return caller
