import pytest
from tests.api.worlds import Worker, body

from clipmill.api.rates import Rates
from clipmill.errors import RateLimitedError


def test_more_requests_than_allowed_are_asked_to_wait(make_world, calling):
    world = make_world(requests_per_minute=3)
    caller, headers = calling(world), world.headers()
    told = [caller.get("/v1/jobs", headers=headers) for _ in range(4)]
    assert [each.status_code for each in told] == [200, 200, 200, 429]
    assert told[-1].json()["code"] == "rate_limited"
    assert 1 <= int(told[-1].headers["retry-after"]) <= 20
    assert told[-1].json()["retryable"]


def test_each_key_has_its_own_rate(make_world, calling):
    world = make_world(requests_per_minute=1)
    caller = calling(world)
    assert [caller.get("/v1/jobs", headers=world.headers()).status_code for _ in range(3)] == [200] * 3


def test_a_bucket_fills_again_as_time_goes_by():
    now = 0.0
    rates = Rates(60, lambda: now)
    for _ in range(60):
        rates.take("a")
    with pytest.raises(RateLimitedError) as refused:
        rates.take("a")
    assert refused.value.details["retry_after_s"] == 1
    now = 2.0
    rates.take("a")
    rates.take("a")
    with pytest.raises(RateLimitedError):
        rates.take("a")


def test_callers_not_heard_of_for_long_are_forgotten():
    rates = Rates(1, lambda: 0.0)
    rates.take("first")
    for number in range(10_000):
        rates.take(str(number))
    rates.take("first")


def test_a_tenant_with_too_many_waiting_jobs_is_told_to_come_back(make_world, calling):
    world = make_world(queued_jobs=2)
    caller, headers = calling(world), world.headers()
    told = [caller.post("/v1/jobs", json=body(), headers=headers) for _ in range(3)]
    assert [each.status_code for each in told] == [202, 202, 429]
    assert (told[-1].json()["code"], told[-1].headers["retry-after"]) == ("too_many_jobs", "5")
    assert caller.post("/v1/jobs", json=body(), headers=world.headers("other")).status_code == 202
    Worker(world.ledger)
    assert caller.post("/v1/jobs", json=body(), headers=headers).status_code == 202


@pytest.mark.parametrize(
    ("field", "limit"), [("clips", "clips"), ("cropKeyframes", "keyframes"), ("keyframes", "keyframes")]
)
def test_lists_longer_than_the_deployment_allows_are_named(make_world, calling, field: str, limit: str):
    world = make_world(**{limit: 2})
    request = {"a": [{field: [1, 2, 3]}]}
    told = calling(world).post("/v1/jobs", json=body(request=request), headers=world.headers())
    assert (told.status_code, told.json()["code"]) == (413, "limit_exceeded")
    assert told.json()["errors"][0]["pointer"] == f"/request/a/0/{field}"


def test_a_smaller_body_than_usual_can_be_the_limit(make_world, calling):
    world = make_world(body_bytes=100)
    told = calling(world).post("/v1/jobs", json=body(request={"text": "x" * 100}), headers=world.headers())
    assert told.json()["code"] == "body_too_large"
