from collections.abc import Callable
from pathlib import Path

import pytest
from tests.smart.movie import Movie, source_movie


@pytest.fixture(scope="session")
def sources(structures: Callable[[str], Path]) -> Callable[[str], Movie]:
    """The movie of a coding structure."""
    return lambda name: source_movie(structures(name))
