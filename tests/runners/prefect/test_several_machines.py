"""Prefect's server as people run it, and machines that die under it. That takes minutes, so only on demand."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.jobs.machines import wait_until
from tests.jobs.shop import Shop
from tests.runners.prefect.platform import START_S, Platform, end_all_of, on_postgres
from tests.runners.prefect.reading import LONG, flow_process, in_places, most_at_once, places, written
from tests.runners.prefect.sending import shop_of

from clipmill.function.needs import Gpu
from clipmill.jobs.ledger.states import State

pytestmark = LONG

PROMISED_S = 120.0
"""For a class with one place, under Prefect's own worker, on a machine that has too much to do."""
SAMPLED_EVERY_S = 0.5
LIMITS = {Gpu.SMALL: 1, Gpu.MEDIUM: 2, Gpu.LARGE: 1}
OF_ALL_CLASSES = [Gpu.SMALL] * 5 + [Gpu.MEDIUM] * 8 + [Gpu.LARGE] * 3 + [Gpu.NONE] * 4
OF_ONE_CLASS = [Gpu.MEDIUM] * 20


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    limits = ",".join(f"{gpu}={most}" for gpu, most in LIMITS.items())
    with on_postgres(tmp_path_factory.mktemp("prefect"), CLIPMILL_PREFECT_LIMITS=limits) as (platform, _url):
        yield platform


@pytest.fixture
def shop(platform: Platform, tmp_path: Path) -> Iterator[Shop]:
    with shop_of(platform, tmp_path) as shop:
        yield shop


@pytest.mark.parametrize("killed", ["our worker", "the flow process", "Prefect's worker", "both", "server and worker"])
def test_whatever_is_killed_the_job_ends_once_in_time_and_its_place_is_free(
    platform: Platform, shop: Shop, tmp_path: Path, killed: str
):
    """There is one place: the next attempt has none unless the first one's is free."""
    begun = tmp_path / "begun"
    stock = ("--work-queue", "small", "--limit", "1")
    ours = killed in {"our worker", "server and worker"}
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
    if killed == "server and worker":
        platform.restart()
        # Its start is its own.
        killed_at = time.monotonic()
    next_one = platform.worker(CLIPMILL_GPU="small")
    try:
        wait_until(lambda: shop.get(sent).state.terminal, 5 * PROMISED_S)
        print(f"{killed}: the job ended {time.monotonic() - killed_at:.0f} s after the kill")
        record = shop.get(sent)
        wait_until(lambda: not in_places(platform) and not places(platform))
    finally:
        end_all_of(next_one)
        end_all_of(worker)
    assert time.monotonic() - killed_at < PROMISED_S
    assert (record.state, record.attempt) == (State.SUCCEEDED, 1 if killed == "Prefect's worker" else 2)
    assert len(begun.read_text().split()) == 2


@pytest.mark.parametrize("cards", [OF_ALL_CLASSES, OF_ONE_CLASS], ids=["of all classes", "of one class"])
def test_of_twenty_jobs_on_two_workers_never_more_are_at_work_than_the_limits_say_and_each_ends_once(
    platform: Platform, shop: Shop, tmp_path: Path, cards: list[Gpu]
):
    workers = [platform.worker(CLIPMILL_GPU="large", CLIPMILL_THREADS="1") for _ in range(2)]
    began_at = time.monotonic()
    sent = [shop.send(f"stay_{gpu}", path=str(tmp_path), text=f"{gpu}-{number}") for number, gpu in enumerate(cards)]
    told: Counter[Gpu] = Counter()
    try:
        while not all(shop.get(each).state.terminal for each in sent):
            assert time.monotonic() - began_at < 4 * START_S
            told |= Counter(Gpu(queue) for queue in in_places(platform))
            time.sleep(SAMPLED_EVERY_S)
    finally:
        for worker in workers:
            end_all_of(worker)
    seen = {gpu: most_at_once(tmp_path, gpu) for gpu in Gpu}
    print(f"{time.monotonic() - began_at:.0f} s; at most {dict(told)} given away by the queues, {seen} at work")
    records = [shop.get(each) for each in sent]
    assert {(record.state, record.attempt) for record in records} == {(State.SUCCEEDED, 1)}
    assert len(list(tmp_path.glob("*.span"))) == len(cards)
    assert all(seen[gpu] <= most for gpu, most in LIMITS.items())
    assert not in_places(platform)
    assert not places(platform)
