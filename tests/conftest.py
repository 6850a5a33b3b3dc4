import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from tests.contexts import FolderContext
from tests.lent_nursery import nurseries
from tests.media_factory import cached_video

__all__ = ["nurseries"]

# How long an example takes says more about the machine than about the law.
settings.register_profile("clipmill", deadline=None)
settings.load_profile("clipmill")

# A run in the background of a shell is born deaf to Ctrl-C, and so would be every process that the tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """Keep bytecode where it is switched off: hundreds of processes would compile the same modules, each for itself."""
    if sys.dont_write_bytecode and (cache := getattr(config, "cache", None)):
        folder = cache.mkdir("bytecode")
        # Copies of the sources that earlier tests made are never imported again.
        for old in folder.joinpath(*Path(tempfile.gettempdir()).parts[1:]).glob("pytest-of-*"):
            shutil.rmtree(old, ignore_errors=True)
        sys.dont_write_bytecode, sys.pycache_prefix = False, str(folder)
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(folder)


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The file of a variant of the media factory; test processes share them."""
    base = tmp_path_factory.getbasetemp()
    directory = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "variants"
    return lambda name: cached_video(name, directory)


@pytest.fixture
def world(tmp_path: Path) -> FolderContext:
    return FolderContext(tmp_path)
