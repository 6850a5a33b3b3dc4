"""A bucket whose service fails in every way that networks know, while jobs read from it and publish to it."""

import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.crash.served import WEBHOOK
from tests.crash.service import ledger_in, serve
from tests.storage.conftest import QUICK
from tests.storage.faulty_proxy import FaultyProxy, answer, faulty_proxy, reset_at, shorten_to, stall_at, truncate_at
from tests.storage.s3_server import S3Server, s3_server

from clipmill.jobs.dispatch import Service
from clipmill.jobs.ledger import endings
from clipmill.jobs.ledger.kinds import EventKind
from clipmill.jobs.ledger.states import State
from clipmill.jobs.ledger.submissions import Submission
from clipmill.storage.open import Patience, open_store

__all__ = ["s3_server"]

RUNS = max(1, int(os.environ.get("CLIPMILL_CRASH_RUNS", "1")) // 10)
DATA = bytes(range(256)) * 400
ANY = ("GET", "PUT", "HEAD")
# The answer to a HEAD has no body to damage, only a length that would lie.
FAULTS = [
    *((answer(500, "InternalError"), method) for method in ANY),
    *((answer(503, "SlowDown"), method) for method in ANY),
    *((answer(429), method) for method in ANY),
    *((reset_at(-1), method) for method in ANY),
    *((fault, "GET") for fault in (reset_at(1000), truncate_at(1000), shorten_to(1000), stall_at(1000))),
    *((fault, "PUT") for fault in (stall_at(-1), reset_at(-1))),
]
JOBS = 6


@pytest.fixture
def proxy(s3_server: S3Server) -> Iterator[FaultyProxy]:
    with faulty_proxy(s3_server.endpoint) as proxy:
        yield proxy


@pytest.mark.parametrize("seed", range(RUNS))
def test_a_bad_store_costs_no_job_its_end_and_shows_no_half_object(
    seed: int, s3_server: S3Server, proxy: FaultyProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(endings, "ATTEMPT_PAUSES_S", (0, 0))
    chance = random.Random(seed)
    bucket = s3_server.new_bucket()
    s3_server.client.put_object(Bucket=bucket, Key="team/a.bin", Body=DATA)
    url = s3_server.url(bucket, proxy.endpoint)
    service = serve(tmp_path, 2.0, open_store(url, s3_server.environment, QUICK, Patience(2, 1, 4)))
    for _ in range(4 * JOBS):
        fault, method = chance.choice(FAULTS)
        # A write may have been carried out although its answer was lost.
        proxy.inject(fault, times=chance.randint(1, 2), method=method, reaches=method != "PUT" or chance.random() < 0.5)
    service.start()
    jobs = [_send(service, number) for number in range(JOBS)]
    ended = _ends(service, jobs)
    assert set(ended.values()) <= {State.SUCCEEDED, State.FAILED}
    proxy._plans.clear()
    again = [_again(service, job) for job, state in ended.items() if state is State.FAILED]
    assert set(_ends(service, again).values()) <= {State.SUCCEEDED}
    service.stop()
    for number, job in enumerate(jobs):
        listed = s3_server.client.list_objects_v2(Bucket=bucket, Prefix=f"team/out/{number}.mp4")["Contents"]
        assert [entry["Size"] for entry in listed] == [len(DATA)], job
    assert not list((tmp_path / "scratch").glob("*"))
    ledger = ledger_in(tmp_path, 2.0)
    for job in jobs:
        assert [event.kind for event in ledger.events("team", job)].count(EventKind.DONE) == 1
    ledger.close()


def _send(service: Service, number: int) -> str:
    request = {"input_key": "a.bin", "output_key": f"out/{number}.mp4"}
    job = service.ledger.submit(Submission("copy", request, "team", webhook=WEBHOOK))
    service.wake()
    return job.id


def _again(service: Service, job: str) -> str:
    """The store is well again, and the job is sent again."""
    retried = service.ledger.retry("team", job)
    service.wake()
    return retried.id


def _ends(service: Service, jobs: list[str]) -> dict[str, State]:
    over = threading.Event()
    for _ in range(1200):
        states = {job: service.ledger.get("team", job).state for job in jobs}
        if all(state.terminal for state in states.values()):
            return states
        over.wait(0.1)
    raise AssertionError(f"waited in vain: {states}")
