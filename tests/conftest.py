import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from tests.contexts import FolderContext
from tests.media_factory import cached_video

# How long an example takes says more about the machine than about the law.
settings.register_profile("clipmill", deadline=None)
settings.load_profile("clipmill")


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The file of a variant of the media factory; test processes share them."""
    base = tmp_path_factory.getbasetemp()
    directory = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "variants"
    return lambda name: cached_video(name, directory)


@pytest.fixture
def world(tmp_path: Path) -> FolderContext:
    return FolderContext(tmp_path)
