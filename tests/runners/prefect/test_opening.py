import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.cli.test_start_up import loaded
from tests.jobs.machines import machine

from clipmill.errors import (
    BodyTooLargeError,
    ConflictError,
    InvalidRequestError,
    StorageUnavailableError,
    UnauthorizedError,
)
from clipmill.function.needs import Gpu
from clipmill.functions.catalog import CATALOG
from clipmill.runners.prefect import api, opening
from clipmill.runners.prefect.deployables import FLOWS
from clipmill.runners.prefect.queues import gpu_of
from clipmill.settings import PrefectSettings, Settings

CLIENT = httpx.Client
SET_UP = {"PREFECT_API_URL": "http://127.0.0.1:4200/api/"}


def answering(monkeypatch: pytest.MonkeyPatch, status: int = 200, told: object = None) -> list[httpx.Request]:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, json=told)

    monkeypatch.setattr(api.httpx, "Client", lambda **how: CLIENT(transport=httpx.MockTransport(answer), **how))
    monkeypatch.setattr(api, "_BUSY_S", (0.0,))
    return seen


def test_it_takes_the_address_of_a_server(tmp_path: Path):
    assert opening.is_set_up(Settings.from_environment(SET_UP))
    assert not opening.is_set_up(Settings())
    with pytest.raises(InvalidRequestError, match="PREFECT_API_URL"):
        opening.opened(Settings(), machine(tmp_path))


def test_a_server_without_the_deployment_is_told_when_the_runner_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    answering(monkeypatch, 404)
    with pytest.raises(InvalidRequestError, match="clipmill deploy prefect"):
        opening.opened(Settings.from_environment(SET_UP), machine(tmp_path))


@pytest.mark.parametrize(
    ("status", "told", "kind"),
    [
        (401, None, UnauthorizedError),
        (413, None, BodyTooLargeError),
        (422, "Parameters size exceeded the limit", BodyTooLargeError),
        (500, None, StorageUnavailableError),
        (409, "there already", ConflictError),
        (400, "no", InvalidRequestError),
    ],
)
def test_what_a_server_refuses_is_an_error_of_ours(
    monkeypatch: pytest.MonkeyPatch, status: int, told: object, kind: type[Exception]
):
    answering(monkeypatch, status, told)
    with pytest.raises(kind):
        api.Api(PrefectSettings("http://host/api")).ask("GET", "/health")


def test_a_server_whose_database_is_busy_is_asked_again(monkeypatch: pytest.MonkeyPatch):
    seen = answering(monkeypatch, 503)
    with pytest.raises(StorageUnavailableError):
        api.Api(PrefectSettings("http://host/api")).ask("GET", "/health")
    assert len(seen) == 2


def test_a_server_that_does_not_tell_the_time_does_not_answer(monkeypatch: pytest.MonkeyPatch):
    answering(monkeypatch)
    with pytest.raises(StorageUnavailableError):
        api.Api(PrefectSettings("http://host/api")).now()


@pytest.mark.parametrize(
    ("given", "header"),
    [({"auth": "admin:pass"}, "Basic YWRtaW46cGFzcw=="), ({"key": "pnu_1", "auth": "a:b"}, "Bearer pnu_1")],
)
def test_a_caller_shows_what_the_server_asks_for(
    monkeypatch: pytest.MonkeyPatch, given: Mapping[str, Any], header: str
):
    seen = answering(monkeypatch)
    api.Api(PrefectSettings("http://host/api", **given)).ask("GET", "/health")
    assert seen[0].headers["Authorization"] == header


def test_the_secrets_are_in_no_word_about_the_settings():
    given = SET_UP | {"PREFECT_API_KEY": "pnu_1", "PREFECT_API_AUTH_STRING": "admin:hidden"}
    told = repr(Settings.from_environment(given))
    assert "pnu_1" not in told
    assert "hidden" not in told


@pytest.mark.parametrize("text", ["huge=1", "small", "small=0", "small=x"])
def test_limits_that_cannot_be_meant_are_refused(text: str):
    with pytest.raises(InvalidRequestError, match="CLIPMILL_PREFECT_LIMITS"):
        Settings.from_environment({"CLIPMILL_PREFECT_LIMITS": text})


def test_a_workflow_waits_for_the_card_that_its_steps_need():
    assert [gpu_of(name, CATALOG) for name in ("export_multi_clip", "preview_frame")] == [Gpu.SMALL, Gpu.NONE]


def test_a_caller_does_not_load_the_platforms_library():
    assert "prefect" not in loaded("import clipmill.runners.prefect.opening, clipmill.runners.prefect.deployment")


def test_every_flow_is_found_where_the_deployment_says_and_takes_its_parameters():
    program = (
        "import json, sys, importlib\n"
        "found = {}\n"
        "for place in sys.argv[1:]:\n"
        "    module, _, name = place.rpartition('.')\n"
        "    flow = getattr(importlib.import_module(module), name)\n"
        "    found[flow.name] = {k: v['type'] for k, v in flow.parameters.properties.items()} | {'retries': flow.retries}\n"
        "print(json.dumps(found))\n"
    )
    places = [each.entrypoint for each in FLOWS]
    said = subprocess.run([sys.executable, "-c", program, *places], capture_output=True, text=True, check=True)
    assert json.loads(said.stdout) == {each.flow: {**each.parameters, "retries": 0} for each in FLOWS}
