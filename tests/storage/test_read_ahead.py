"""Reading ahead: in the background, bounded, no further than a run justifies, and never in the way of an error."""

import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.storage.conftest import QUICK
from tests.storage.faulty_proxy import FaultyProxy, answer, faulty_proxy, reset_at, shorten_to, truncate_at

from clipmill.errors import AccessDeniedError, StorageUnavailableError
from clipmill.storage.blocks import FIRST_BYTES
from clipmill.storage.open import open_store
from clipmill.storage.ranged_object import RangedObjects
from clipmill.storage.read_ahead import MOST_AT_ONCE
from clipmill.storage.reader import RangedReader
from clipmill.storage.runs import BLOCK_BYTES, MOST_AHEAD, Runs, request_size, window
from clipmill.storage.store import ObjectInfo, Store

MIB = 1024 * 1024
DATA = Random(1).randbytes(6 * MIB + 4321)
PATIENCE_S = 20.0


class Recorded(Store):
    """One object in memory, whose ranges are recorded; ``before`` is called ahead of each answer."""

    def __init__(self, data: bytes, before: Callable[[int], None] = lambda start: None) -> None:
        self.data = data
        self.before = before
        self.looks = 0
        self.ranges: list[tuple[int, int]] = []
        self.at_once = self.most_at_once = 0
        self.changed = threading.Condition()

    def head(self, key: str) -> ObjectInfo:
        self.looks += 1
        return ObjectInfo(key, len(self.data), "tag", datetime.now(UTC))

    def read_range(self, key: str, start: int, length: int, etag: str | None = None) -> bytes:
        with self.changed:
            self.ranges.append((start, length))
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            self.changed.notify_all()
        try:
            self.before(start)
            return self.data[start : start + length]
        finally:
            with self.changed:
                self.at_once -= 1

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, PATIENCE_S)


def readers_ahead() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "clipmill-read-ahead"]


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    yield
    for thread in readers_ahead():
        thread.join(PATIENCE_S)
    assert readers_ahead() == []


class TestHowFar:
    @given(run=st.integers(0, 100_000))
    def test_no_more_is_wanted_ahead_than_the_run_justifies(self, run):
        assert 1 <= window(run) <= max(1, min(2 * run, MOST_AHEAD))

    @given(run=st.integers(0, 100_000))
    def test_a_window_is_few_requests(self, run):
        assert window(run) / request_size(window(run)) <= MOST_AT_ONCE

    def test_a_block_read_in_small_steps_is_one_step_of_the_run(self):
        small, whole = Runs(), Runs()
        assert [small.pass_on(block) for block in (4, 4, 4, 5, 5, 6, 6)][::2][1:] == [window(0), window(1), window(2)]
        assert [whole.pass_on(block) for block in (4, 5, 6)] == [window(0), window(1), window(2)]

    def test_a_jump_is_no_part_of_a_run(self):
        runs = Runs()
        for block in range(20):
            runs.pass_on(block)
        assert runs.pass_on(500) == window(0)
        assert runs.pass_on(20) == window(20)

    @settings(deadline=None)
    @given(length=st.integers(1, 5 * MIB), start=st.integers(0, MIB))
    def test_a_run_costs_the_blocks_it_touches_and_one_window(self, length, start):
        with RangedReader(Recorded(DATA), "a") as file:
            file.seek(start)
            for _ in range(0, length, 32_768):
                file.read(32_768)
            touched = -(-file.tell() // BLOCK_BYTES) - start // BLOCK_BYTES
            assert file.bytes_read <= (touched + window(touched)) * BLOCK_BYTES

    def test_single_reads_far_apart_cost_two_blocks_each(self):
        store = Recorded(DATA)
        with RangedReader(store, "a") as file:
            for position in range(0, 6 * MIB, MIB):
                file.seek(position + BLOCK_BYTES - 100)
                file.read(32_768)
            assert file.bytes_read == 6 * 2 * BLOCK_BYTES


class TestInTheBackground:
    def test_requests_of_a_run_are_on_their_way_together(self):
        store = Recorded(DATA)
        # From here on no request is answered before others came: a reader that asks one by one would wait in vain.
        store.before = lambda start: store.wait_for(lambda: store.most_at_once >= 3) if start >= 2 * MIB else None
        with RangedReader(store, "a") as file:
            assert b"".join(iter(lambda: file.read(32_768), b"")) == DATA

    def test_one_large_read_is_several_requests_at_once(self):
        store = Recorded(DATA)
        store.before = lambda _: store.wait_for(lambda: store.most_at_once >= 4)
        with RangedReader(store, "a") as file:
            assert file.read(5 * MIB) == DATA[: 5 * MIB]

    def test_all_objects_of_a_job_share_the_bound(self):
        store = Recorded(DATA, lambda _: time.sleep(0.002))
        objects = RangedObjects(store)
        sources = [objects.open(key) for key in "abcd"]
        for position in range(0, 4 * MIB, 32_768):
            for source in sources:
                source.read(position, 32_768, 32_768)
        assert 2 <= store.most_at_once <= MOST_AT_ONCE + 1
        objects.close()

    def test_nothing_is_fetched_twice_by_two_places_in_turn(self):
        store = Recorded(DATA)
        with RangedReader(store, "a") as file:
            for position in range(0, 3 * MIB, 32_768):
                for place in (position, position + 700_000):
                    file.seek(place)
                    assert file.read(32_768) == DATA[place : place + 32_768]
            assert file.bytes_read <= len(DATA)
        starts = [start for start, _ in store.ranges]
        assert len(starts) == len(set(starts))


class TestTheEnd:
    def test_closing_waits_for_no_request_and_starts_none(self):
        held = threading.Event()
        store = Recorded(DATA, lambda start: held.wait(PATIENCE_S) if start >= MIB else None)
        file = RangedReader(store, "a")
        while not readers_ahead() or max(store.ranges)[0] < MIB:
            file.read(32_768)
        file.close()
        assert readers_ahead()
        asked = len(store.ranges)
        held.set()
        for thread in readers_ahead():
            thread.join(PATIENCE_S)
        assert len(store.ranges) == asked

    def test_no_thread_waits_for_work(self):
        with RangedReader(Recorded(DATA), "a") as file:
            file.read()
            for thread in readers_ahead():
                thread.join(PATIENCE_S)
            assert readers_ahead() == []


class TestErrors:
    def test_an_error_ahead_surfaces_at_the_read_that_needs_the_bytes_and_no_earlier(self):
        def fail(start: int) -> None:
            if start >= 2 * MIB:
                raise AccessDeniedError("no")

        store = Recorded(DATA, fail)
        with RangedReader(store, "a") as file:
            with pytest.raises(AccessDeniedError):
                list(iter(lambda: file.read(BLOCK_BYTES), b""))
            assert file.tell() == min(start for start, _ in store.ranges if start >= 2 * MIB)

    def test_an_error_ahead_of_a_reader_that_goes_elsewhere_is_none(self):
        def fail(start: int) -> None:
            if MIB <= start < 4 * MIB:
                raise AccessDeniedError("no")

        store = Recorded(DATA, fail)
        with RangedReader(store, "a") as file:
            file.read(MIB // 4)
            while max(store.ranges)[0] < MIB:
                file.read(BLOCK_BYTES)
            file.seek(5 * MIB)
            assert file.read() == DATA[5 * MIB :]

    def test_a_read_after_an_error_tries_anew(self):
        faults = [StorageUnavailableError("busy")] * 30

        def fail(start: int) -> None:
            if start >= MIB and faults:
                raise faults.pop()

        with RangedReader(Recorded(DATA, fail), "a") as file:
            found = b""
            while len(found) < len(DATA):
                try:
                    found += file.read(BLOCK_BYTES)
                except StorageUnavailableError:
                    assert file.tell() == len(found)
            assert found == DATA
        assert not faults

    def test_too_few_bytes_ahead_are_an_error(self):
        class Short(Recorded):
            def read_range(self, key: str, start: int, length: int, etag: str | None = None) -> bytes:
                return super().read_range(key, start, length - (start >= MIB), etag)

        with RangedReader(Short(DATA), "a") as file, pytest.raises(StorageUnavailableError, match="were due"):
            file.read()


class TestOneJob:
    def test_a_second_opening_asks_for_nothing_however_much_was_read_between(self):
        store = Recorded(bytes(48 * MIB))
        objects = RangedObjects(store)
        index = [*range(0, MIB, 32_768), *range(47 * MIB, 48 * MIB, 32_768)]
        for position in index:
            objects.open("a").read(position, 32_768, 32_768)
        for position in range(8 * MIB, 40 * MIB, 65_536):
            objects.open("a").read(position, 65_536, 65_536)
        for thread in readers_ahead():
            thread.join(PATIENCE_S)
        asked = len(store.ranges)
        for position in index:
            objects.open("a").read(position, 32_768, 32_768)
        assert (store.looks, len(store.ranges)) == (1, asked)
        objects.close()

    def test_many_objects_of_a_job_hold_little_together(self):
        objects = RangedObjects(Recorded(bytes(FIRST_BYTES + 8 * MIB)))
        tracemalloc.start()
        for key in "abcdef":
            for position in range(0, FIRST_BYTES + 8 * MIB, MIB):
                objects.open(key).read(position, MIB, MIB)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 36 * MIB
        objects.close()


@pytest.fixture
def proxy(s3_server) -> Iterator[FaultyProxy]:
    with faulty_proxy(s3_server.endpoint) as proxy:
        yield proxy


@pytest.fixture
def bucket(s3_server) -> str:
    name = s3_server.new_bucket()
    s3_server.client.put_object(Bucket=name, Key="a.bin", Body=DATA)
    return name


@pytest.fixture
def store(s3_server, proxy, bucket) -> Store:
    return open_store(s3_server.url(bucket, proxy.endpoint), s3_server.environment, QUICK)


def late(handler, response) -> None:
    time.sleep(0.01)
    handler.pass_on(response)


class TestABucket:
    def test_the_service_never_sees_more_requests_at_once_than_the_bound(self, store, proxy):
        lock, at_once, most = threading.Lock(), 0, 0

        def counted(handler, response):
            nonlocal at_once, most
            with lock:
                at_once += 1
                most = max(most, at_once)
            time.sleep(0.01)
            with lock:
                at_once -= 1
            handler.pass_on(response)

        proxy.inject(counted, method="GET", times=10_000)
        with RangedReader(store, "a.bin") as file:
            assert b"".join(iter(lambda: file.read(32_768), b"")) == DATA
        assert 2 <= most <= MOST_AT_ONCE + 1

    FAULTS = (
        answer(500),
        answer(503, "SlowDown"),
        answer(429),
        reset_at(-1),
        reset_at(1000),
        truncate_at(70_000),
        late,
    )

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        # Two faults at most: a third on one request would be more than the policy bears.
        faults=st.lists(st.sampled_from((*FAULTS, shorten_to(1000))), max_size=2),
        walk=st.lists(st.tuples(st.integers(0, len(DATA)), st.integers(0, MIB)), max_size=8),
    )
    def test_every_walk_reads_the_same_bytes_whatever_befalls_its_requests(self, s3_server, bucket, faults, walk):
        with faulty_proxy(s3_server.endpoint) as proxy:
            for fault in faults:
                proxy.inject(fault, method="GET")
            store = open_store(s3_server.url(bucket, proxy.endpoint), s3_server.environment, QUICK)
            file = RangedReader(store, "a.bin")
            for position, length in walk:
                file.seek(position)
                assert file.read(length) == DATA[position : position + length]
            file.close()

    @pytest.mark.parametrize("fault", FAULTS[:-1])
    def test_a_run_carries_on_after_a_fault_in_the_background(self, store, proxy, fault):
        with RangedReader(store, "a.bin") as file:
            head = file.read(MIB)
            proxy.inject(fault, method="GET", times=2)
            assert head + b"".join(iter(lambda: file.read(32_768), b"")) == DATA

    def test_an_object_replaced_during_a_run_is_an_error(self, s3_server, store, bucket):
        with RangedReader(store, "a.bin") as file:
            file.read(MIB)
            s3_server.client.put_object(Bucket=bucket, Key="a.bin", Body=DATA[::-1])
            with pytest.raises(StorageUnavailableError, match="replaced"):
                file.read()
