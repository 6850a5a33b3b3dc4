"""Prefect's server on PostgreSQL, and machines that die under it. As people run it that takes minutes, so only on demand."""

import os
import signal
import time
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.jobs.machines import machine, wait_until
from tests.jobs.shop import Shop
from tests.runners.prefect.platform import START_S, Platform, end_all_of, on_postgres
from tests.runners.prefect.reading import LONG, flow_process, in_places, written
from tests.runners.prefect.waiting_functions import KNOWN

from clipmill.function.needs import Gpu
from clipmill.jobs.dispatch import Service
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.states import State
from clipmill.runners.prefect.client import PrefectRunner

PROMISED_S = 90.0
SAMPLED_EVERY_S = 0.5
LIMITS = {Gpu.SMALL: 2, Gpu.MEDIUM: 1, Gpu.LARGE: 1}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    limits = ",".join(f"{gpu}={most}" for gpu, most in LIMITS.items())
    with on_postgres(tmp_path_factory.mktemp("prefect"), CLIPMILL_PREFECT_LIMITS=limits) as (platform, _url):
        yield platform


@contextmanager
def shop_of(platform: Platform, folder: Path) -> Generator[Shop]:
    here = machine(folder, platform.store, catalogue=KNOWN)
    ledger = Ledger.open(f"sqlite:///{folder}/ledger.db")
    service = Service(ledger, here, PrefectRunner(platform.settings, here))
    service.start()
    try:
        yield Shop(service)
    finally:
        service.stop()


@pytest.fixture
def shop(platform: Platform, tmp_path: Path) -> Iterator[Shop]:
    with shop_of(platform, tmp_path) as shop:
        yield shop


def test_a_worker_that_is_killed_gives_its_place_back_and_its_job_ends_once(tmp_path: Path):
    """As below, on a server that waits half as long."""
    begun = tmp_path / "begun"
    with (
        on_postgres(tmp_path, quick=True, CLIPMILL_PREFECT_LIMITS="small=1") as (platform, _url),
        shop_of(platform, tmp_path) as shop,
    ):
        lost = platform.worker(CLIPMILL_GPU="small")
        sent = shop.send("stay_once", path=str(begun), output_key="late.mp4")
        written(begun)
        end_all_of(lost)
        platform.worker(CLIPMILL_GPU="small")
        wait_until(lambda: shop.get(sent).state.terminal, START_S)
        record = shop.get(sent)
        wait_until(lambda: not in_places(platform))
    assert (record.state, record.attempt) == (State.SUCCEEDED, 2)
    assert len(begun.read_text().split()) == 2


@LONG
@pytest.mark.parametrize("killed", ["our worker", "the flow process", "Prefect's worker", "both"])
def test_whatever_is_killed_the_job_ends_once_in_time_and_its_place_is_free(
    platform: Platform, shop: Shop, tmp_path: Path, killed: str
):
    begun = tmp_path / "begun"
    stock = ("--work-queue", "small", "--limit", "1")
    ours = killed == "our worker"
    worker = platform.worker(CLIPMILL_GPU="small") if ours else platform.stock_worker(*stock)
    sent = shop.send("stay_once", path=str(begun), output_key=f"{tmp_path.name}.mp4")
    child = int(written(begun))
    if killed == "the flow process":
        os.kill(flow_process(child), signal.SIGKILL)
    elif killed == "Prefect's worker":
        os.kill(worker.pid, signal.SIGKILL)
        # The run goes on by itself; what it waits for comes from here.
        begun.write_text(f"{child}\nmore")
    else:
        end_all_of(worker)
    killed_at = time.monotonic()
    next_one = platform.worker(CLIPMILL_GPU="small")
    try:
        wait_until(lambda: shop.get(sent).state.terminal, 5 * PROMISED_S)
        print(f"{killed}: the job ended {time.monotonic() - killed_at:.0f} s after the kill")
        record = shop.get(sent)
        wait_until(lambda: not in_places(platform))
    finally:
        end_all_of(next_one)
        end_all_of(worker)
    assert time.monotonic() - killed_at < PROMISED_S
    assert (record.state, record.attempt) == (State.SUCCEEDED, 1 if killed == "Prefect's worker" else 2)
    assert len(begun.read_text().split()) == 2


@LONG
def test_twenty_jobs_on_two_workers_all_end_once_with_one_too_many_of_a_card_at_most(
    platform: Platform, shop: Shop, tmp_path: Path
):
    workers = [platform.worker(CLIPMILL_GPU="large", CLIPMILL_THREADS="1") for _ in range(2)]
    cards = [Gpu.SMALL] * 8 + [Gpu.MEDIUM] * 5 + [Gpu.LARGE] * 3 + [Gpu.NONE] * 4
    began_at = time.monotonic()
    sent = [shop.send(f"stay_{gpu}", path=str(tmp_path), text=f"{gpu}-{number}") for number, gpu in enumerate(cards)]
    told: Counter[Gpu] = Counter()
    seen: Counter[Gpu] = Counter()
    samples = 0
    try:
        while not all(shop.get(each).state.terminal for each in sent):
            assert time.monotonic() - began_at < 4 * START_S
            # What the server says, and what really runs.
            told |= Counter(Gpu(queue) for queue in in_places(platform))
            seen |= Counter(Gpu(mark.name.partition("-")[0]) for mark in tmp_path.glob("*-*") if not mark.suffix)
            samples += 1
            time.sleep(SAMPLED_EVERY_S)
    finally:
        for worker in workers:
            end_all_of(worker)
    print(f"{samples} samples in {time.monotonic() - began_at:.0f} s; at most {dict(told)} told, {dict(seen)} seen")
    records = [shop.get(each) for each in sent]
    assert {(record.state, record.attempt) for record in records} == {(State.SUCCEEDED, 1)}
    assert len(list(tmp_path.glob("*.ended"))) == len(cards)
    for gpu, most in LIMITS.items():
        # Two workers that ask at the same moment may be given one more: each overlooks what the other is about to take.
        assert seen[gpu] <= most + 1
        assert told[gpu] <= most + 1
    assert not in_places(platform)
