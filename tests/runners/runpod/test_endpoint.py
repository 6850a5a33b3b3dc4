import json
from collections.abc import Callable

import httpx
import pytest

from clipmill.errors import (
    BodyTooLargeError,
    ClipmillError,
    InvalidRequestError,
    RateLimitedError,
    StorageUnavailableError,
    UnauthorizedError,
)
from clipmill.runners.runpod.endpoint import MOST_BYTES, Bounds, Endpoint, Health

BOUNDS = Bounds(run_s=660)


def endpoint(answer: Callable[[httpx.Request], httpx.Response]) -> Endpoint:
    return Endpoint(httpx.Client(transport=httpx.MockTransport(answer)), "https://runpod.test/v2/abc", "rpa_1")


def test_a_job_travels_with_its_key_and_its_bounds():
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"id": "x-u1", "status": "IN_QUEUE"})

    assert endpoint(answer).run({"function": "echo"}, BOUNDS) == "x-u1"
    assert (seen[0].url, seen[0].headers["authorization"]) == ("https://runpod.test/v2/abc/run", "Bearer rpa_1")
    policy = {"executionTimeout": 660_000, "ttl": 86_400_000}
    assert json.loads(seen[0].content) == {"input": {"function": "echo"}, "policy": policy}


def test_a_job_that_may_run_longer_than_a_day_is_kept_as_long():
    assert Bounds(run_s=100_000).to_json()["ttl"] == 100_000_000


@pytest.mark.parametrize("spare", [0, 1])
def test_what_is_too_large_is_refused_before_it_is_sent(spare: int):
    sent: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(len(request.content))
        return httpx.Response(200, json={"id": "x"})

    frame = len(json.dumps({"input": {"a": ""}, "policy": BOUNDS.to_json()}, separators=(",", ":")))
    order = {"a": "x" * (MOST_BYTES - frame + spare)}
    if spare:
        with pytest.raises(BodyTooLargeError, match="name its key"):
            endpoint(answer).run(order, BOUNDS)
        assert sent == []
    else:
        endpoint(answer).run(order, BOUNDS)
        assert sent == [MOST_BYTES]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequestError),
        (401, UnauthorizedError),
        (403, UnauthorizedError),
        (404, InvalidRequestError),
        (413, BodyTooLargeError),
        (429, RateLimitedError),
        (502, StorageUnavailableError),
    ],
)
def test_every_refusal_is_typed(status: int, kind: type[ClipmillError]):
    with pytest.raises(kind) as caught:
        endpoint(lambda _: httpx.Response(status, text="no")).run({}, BOUNDS)
    assert type(caught.value) is kind


def test_a_platform_that_cannot_be_reached_is_told_without_its_address():
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"no route to {request.url}")

    with pytest.raises(StorageUnavailableError) as caught:
        endpoint(answer).status("x")
    assert "runpod.test" not in caught.value.message


def test_a_forgotten_job_is_nothing_and_an_unknown_word_no_state():
    assert endpoint(lambda _: httpx.Response(404)).status("x") is None
    told = endpoint(lambda _: httpx.Response(200, json={"status": "PONDERING"})).status("x")
    assert told is not None
    assert told.state is None


@pytest.mark.parametrize(("workers", "stuck"), [({"idle": 0}, True), ({"throttled": 1}, False)])
def test_an_endpoint_whose_workers_were_taken_away_is_stuck(workers: dict[str, int], stuck: bool):
    health = endpoint(lambda _: httpx.Response(200, json={"jobs": {"inQueue": 2}, "workers": workers})).health()
    assert health == Health(sum(workers.values()), 2)
    assert health.is_stuck is stuck
