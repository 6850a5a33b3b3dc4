import gc
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from tests.contexts import FolderContext
from tests.lent_nursery import nurseries
from tests.media_factory import cached_video

__all__ = ["nurseries"]

# How long an example takes says more about the machine than about the law, and every run draws others.
settings.register_profile("clipmill", deadline=None, max_examples=50)
settings.load_profile("clipmill")

# A run in the background of a shell is born deaf to Ctrl-C, and so would be every process that the tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure() -> None:
    """Keep bytecode where that is switched off: hundreds of processes would compile the same modules, each for itself."""
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage in what the tests import, which stays to the end: to go through it takes half a second a time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the test processes of a run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


# What somebody fetched onto this machine must not change what tests see.
os.environ["CLIPMILL_MODELS"] = str(Path(tempfile.gettempdir(), "clipmill-without-models"))


@pytest.fixture(scope="session")
def videos(shared_folder: Path) -> Callable[[str], Path]:
    """The file of a variant of the media factory; test processes share them."""
    return lambda name: cached_video(name, shared_folder / "variants")


@pytest.fixture(scope="session")
def structures(shared_folder: Path) -> Callable[[str], Path]:
    """The file of a coding structure; test processes share them."""
    from tests.coded_factory import coded_video

    return lambda name: coded_video(name, shared_folder / "structures")


@pytest.fixture
def world(tmp_path: Path) -> FolderContext:
    return FolderContext(tmp_path)
