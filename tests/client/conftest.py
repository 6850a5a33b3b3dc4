import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.served import Served

from clipmill import Client

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
"""Signs what the service tells addresses of single jobs."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that the tests of a module share."""
    wide = {"CLIPMILL_WEBHOOK_HTTP": "on", "CLIPMILL_WEBHOOK_PRIVATE": "on", "CLIPMILL_WEBHOOK_SECRETS": SECRET}
    with Served(tmp_path_factory.mktemp("served"), **wide) as service:
        yield service


@pytest.fixture
def client(served: Served) -> Iterator[Client]:
    with Client(served.url) as opened:
        yield opened


@pytest.fixture(autouse=True)
def nobody_elses_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CLIPMILL_URL", "CLIPMILL_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
