import logging
from pathlib import Path

import httpx
import pytest
from tests.jobs.machines import machine

from clipmill.errors import InvalidRequestError, UnauthorizedError
from clipmill.function.needs import Gpu
from clipmill.runners.runpod import opening, runner
from clipmill.settings import Settings

CLIENT = httpx.Client
SET_UP = {"RUNPOD_API_KEY": "rpa_1", "RUNPOD_ENDPOINT_ID": "none=cpu1,small=gpu2"}


def answering(monkeypatch: pytest.MonkeyPatch, status: int = 200, **told: object) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, json=told))
    monkeypatch.setattr(runner.httpx, "Client", lambda: CLIENT(transport=transport))


def test_it_takes_a_key_and_an_endpoint(tmp_path: Path):
    assert opening.is_set_up(Settings.from_environment(SET_UP))
    for name, value in SET_UP.items():
        settings = Settings.from_environment({name: value})
        assert not opening.is_set_up(settings)
        with pytest.raises(InvalidRequestError, match="RUNPOD_API_KEY and RUNPOD_ENDPOINT_ID"):
            opening.opened(settings, machine(tmp_path))


def test_every_endpoint_is_asked_before_a_job_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    answering(monkeypatch)
    opening.opened(Settings.from_environment(SET_UP), machine(tmp_path)).close()
    for status, kind in ((404, InvalidRequestError), (401, UnauthorizedError)):
        answering(monkeypatch, status)
        with pytest.raises(kind):
            opening.opened(Settings.from_environment(SET_UP), machine(tmp_path))


def test_an_endpoint_that_lost_its_workers_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    answering(monkeypatch, jobs={"inQueue": 3}, workers={"idle": 0})
    with caplog.at_level(logging.WARNING):
        opening.opened(Settings.from_environment(SET_UP), machine(tmp_path)).close()
    assert "3 jobs that wait and no worker" in caplog.text


def test_the_key_is_in_no_word_about_the_settings():
    settings = Settings.from_environment(SET_UP)
    assert settings.runpod_endpoints == {Gpu.NONE: "cpu1", Gpu.SMALL: "gpu2"}
    assert "rpa_1" not in repr(settings)
    with pytest.raises(InvalidRequestError) as caught:
        Settings.from_environment({"RUNPOD_API_KEY": "rpa 1 with blanks"})
    assert "rpa" not in caught.value.message


@pytest.mark.parametrize("text", ["abc,def!", "huge=abc", "small=", "https://x.test/abc"])
def test_endpoints_that_cannot_be_meant_are_refused(text: str):
    with pytest.raises(InvalidRequestError, match="RUNPOD_ENDPOINT_ID"):
        Settings.from_environment({"RUNPOD_ENDPOINT_ID": text})
