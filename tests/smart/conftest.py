import os
from collections.abc import Callable

import pytest
from tests.coded_factory import coded_video
from tests.smart.movie import Movie, source_movie


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Movie]:
    """The file of a coding structure; test processes share them."""
    base = tmp_path_factory.getbasetemp()
    directory = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "structures"
    return lambda name: source_movie(coded_video(name, directory))
