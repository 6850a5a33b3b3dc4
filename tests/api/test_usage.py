import pytest
from tests.api.callers import Caller
from tests.api.worlds import Worker, World

from clipmill.jobs.ledger.usage import Usage
from clipmill.jobs.outcome import Outcome


def test_usage_sums_what_the_tenants_jobs_used(there: World, client: Caller):
    for _ in range(2):
        there.submit()
        worker = Worker(there.ledger)
        there.ledger.begin_publishing(worker.lease)
        there.ledger.commit(worker.lease, Outcome(result={"status": "success"}), Usage(1500, 20_000, 7, 2_500_000))
    told = client.get("/v1/usage").json()
    sums = {name: told[name] for name in ("jobs", "gpu_s", "output_s", "bytes", "cost_usd")}
    assert sums == {"jobs": 2, "gpu_s": 3.0, "output_s": 40.0, "bytes": 14, "cost_usd": 5.0}


def test_usage_is_told_for_a_span_of_time(there: World, client: Caller):
    told = client.get(
        "/v1/usage", params={"since": "2020-01-01T00:00:00+01:00", "until": "2020-02-01T00:00:00Z"}
    ).json()
    assert (told["since"], told["until"]) == ("2019-12-31T23:00:00.000Z", "2020-02-01T00:00:00.000Z")


@pytest.mark.parametrize(
    "query",
    [
        "since=yesterday",
        "since=0",
        "since=2020-01-01T00:00:00",
        "until=0001-01-01T00:00:00%2B10:00",
        "since=2020-02-01T00:00:00Z&until=2020-01-01T00:00:00Z",
    ],
)
def test_a_span_that_cannot_be_meant_is_refused(client: Caller, query: str):
    told = client.get(f"/v1/usage?{query}")
    assert (told.status_code, told.json()["errors"][0]["parameter"]) == (422, query.partition("=")[0])
