from pathlib import Path

import httpx
import pytest

from clipmill.errors import InvalidRequestError
from clipmill.runners.deploying import Deployed, deployment
from clipmill.runners.runpod import deployment as runpod
from clipmill.settings import Settings

CLIENT = httpx.Client
SETTINGS = Settings.from_environment(
    {"RUNPOD_API_KEY": "rpa_1", "RUNPOD_ENDPOINT_ID": "none=busy,small=gone,large=busy"}
)


def test_the_health_of_every_endpoint_is_told(monkeypatch: pytest.MonkeyPatch):
    def answer(request: httpx.Request) -> httpx.Response:
        if Path(request.url.path).parent.name == "gone":
            return httpx.Response(404)
        return httpx.Response(200, json={"jobs": {"inQueue": 3}, "workers": {"idle": 1, "running": 1}})

    monkeypatch.setattr(runpod.httpx, "Client", lambda: CLIENT(transport=httpx.MockTransport(answer)))
    assert deployment("runpod").deployed(SETTINGS, None) == [
        Deployed("busy", "none, large: 2 workers, 3 jobs wait", found=True),
        Deployed("gone", "small: no such endpoint", found=False),
    ]


def test_an_endpoint_whose_jobs_wait_for_workers_it_does_not_have_is_not_well(monkeypatch: pytest.MonkeyPatch):
    stuck = httpx.MockTransport(lambda _: httpx.Response(200, json={"jobs": {"inQueue": 3}, "workers": {"idle": 0}}))
    monkeypatch.setattr(runpod.httpx, "Client", lambda: CLIENT(transport=stuck))
    assert not any(row.found for row in deployment("runpod").deployed(SETTINGS, None))


def test_what_cannot_be_done_from_here_is_told():
    with pytest.raises(InvalidRequestError, match="--check"):
        deployment("runpod").deploy(SETTINGS, None)
    with pytest.raises(InvalidRequestError, match="--env"):
        deployment("runpod").deployed(SETTINGS, "main")
    with pytest.raises(InvalidRequestError, match="RUNPOD_API_KEY"):
        deployment("runpod").deployed(Settings(), None)
