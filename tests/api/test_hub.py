import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.api.worlds import Worker, World
from tests.jobs.machines import wait_until

from clipmill.api.desk import Desk
from clipmill.api.options import ApiOptions
from clipmill.api.told import Told
from clipmill.api.watch import ROOM, Watch
from clipmill.errors import TooManyWatchersError
from clipmill.jobs.ledger.record import JobRecord

PATIENCE_S = 5.0


def desk_of(world: World) -> Desk:
    return world.app.state.desk


async def everything(watch: Watch) -> list[Told]:
    return [told async for page in watch.told(PATIENCE_S) for told in page]


def numbers(told: list[Told]) -> list[int]:
    return [each.seq for each in told]


def counting(world: World, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many jobs each look at the ledger asked for."""
    asked: list[int] = []
    behind = world.ledger.watching.behind
    monkeypatch.setattr(
        world.ledger.watching, "behind", lambda seen, limit: (asked.append(len(seen)), behind(seen, limit))[1]
    )
    return asked


def run(work: Callable[[], Awaitable[Any]]) -> Any:
    async def bounded() -> Any:
        async with asyncio.timeout(30):
            return await work()

    return asyncio.run(bounded())


async def in_thread(work: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.to_thread(work, *arguments)


def test_every_watcher_is_told_every_event_once_and_in_order(there: World):
    job = there.submit()

    async def work() -> list[list[Told]]:
        hub = desk_of(there).hub
        with hub.watching("team", [job], {}) as one, hub.watching("team", [job], {}) as two:
            both = asyncio.gather(everything(one), everything(two))
            worker = await in_thread(Worker, there.ledger)
            for percent in range(0, 100, 5):
                await in_thread(worker.progress, percent)
            await in_thread(worker.succeed)
            return await both

    heard = run(work)
    last = there.ledger.get("team", job.id).last_seq
    assert [numbers(each) for each in heard] == [list(range(1, last + 1))] * 2
    assert heard[0][-1].last


def test_a_hundred_watchers_cost_one_query_at_each_tick(there: World, monkeypatch: pytest.MonkeyPatch):
    jobs = [there.submit() for _ in range(4)]
    asked = counting(there, monkeypatch)

    async def work() -> int:
        hub = desk_of(there).hub
        watches = [hub.watching("team", [jobs[number % 4]], {}) for number in range(100)]
        for each in watches:
            each.__enter__()
        await in_thread(wait_until, lambda: len(asked) >= 3)
        for each in watches:
            each.__exit__(None, None, None)
        return len(asked)

    run(work)
    assert set(asked) == {4}


def test_nobody_asks_the_ledger_when_nobody_watches(there: World, monkeypatch: pytest.MonkeyPatch):
    job = there.submit()
    asked = counting(there, monkeypatch)

    async def work() -> None:
        with desk_of(there).hub.watching("team", [job], {}):
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.1)
        asked.clear()
        await asyncio.sleep(0.2)

    run(work)
    assert asked == []


def test_a_watcher_that_comes_back_is_told_what_it_missed_and_no_more(there: World):
    job = there.submit()
    worker = Worker(there.ledger)
    worker.progress(10)
    worker.progress(20)

    async def work() -> list[Told]:
        with desk_of(there).hub.watching("team", [job], {job.id: 3}) as watch:
            heard = asyncio.create_task(everything(watch))
            await in_thread(worker.succeed)
            return await heard

    heard = run(work)
    assert numbers(heard) == list(range(4, there.ledger.get("team", job.id).last_seq + 1))


def test_a_slow_watcher_reads_from_the_ledger_what_its_queue_dropped(there: World):
    job = there.submit()

    async def work() -> tuple[list[Told], int]:
        with desk_of(there).hub.watching("team", [job], {job.id: 1}) as watch:
            heard, pages = [], watch.told(PATIENCE_S)
            worker = await in_thread(Worker, there.ledger)
            heard += await anext(pages)
            for step in range(ROOM + 150):
                await in_thread(worker.progress, step / 10)
            await in_thread(worker.succeed)
            await asyncio.sleep(0.3)
            waiting = len(watch._waiting)
            heard += [told async for page in pages for told in page]
            return heard, waiting

    heard, waiting = run(work)
    last = there.ledger.get("team", job.id).last_seq
    assert last > 2 * ROOM - 150 > ROOM
    assert waiting <= ROOM
    assert numbers(heard) == list(range(2, last + 1))


def test_a_silence_is_told_too(there: World):
    job = there.submit()

    async def work() -> list[list[Told]]:
        with desk_of(there).hub.watching("team", [job], {job.id: 1}) as watch:
            pages = watch.told(0.05)
            return [await anext(pages), await anext(pages)]

    assert run(work) == [[], []]


@pytest.mark.parametrize("bounds", [{"watchers": 2}, {"watchers_per_tenant": 2}])
def test_watchers_are_bounded_in_number(make_world, bounds: dict[str, int]):
    world = make_world(options=ApiOptions(tick_s=0.02, **bounds))
    job = world.submit()

    async def work() -> None:
        hub = desk_of(world).hub
        with hub.watching("team", [job], {}):
            with hub.watching("team", [job], {}), pytest.raises(TooManyWatchersError), hub.watching("team", [job], {}):
                pass
            with hub.watching("team", [job], {}):
                pass

    run(work)


def test_another_tenants_watchers_do_not_count(make_world):
    world = make_world(options=ApiOptions(tick_s=0.02, watchers_per_tenant=1))
    jobs = {tenant: world.submit(tenant) for tenant in ("one", "two")}

    async def work() -> None:
        hub = desk_of(world).hub
        with hub.watching("one", [jobs["one"]], {}), hub.watching("two", [jobs["two"]], {}):
            pass

    run(work)


def test_watchers_end_when_the_service_does(there: World):
    job = there.submit()

    async def work() -> list[Told]:
        hub = desk_of(there).hub
        with hub.watching("team", [job], {}) as watch:
            heard = asyncio.create_task(everything(watch))
            await asyncio.sleep(0.1)
            hub.close()
            return await heard

    assert numbers(run(work)) == [1]


def test_a_ledger_that_fails_once_does_not_silence_the_watchers(there: World, monkeypatch: pytest.MonkeyPatch):
    job: JobRecord = there.submit()
    behind, failed = there.ledger.watching.behind, []

    def fails_once(seen: Any, limit: int) -> Any:
        if not failed:
            failed.append(True)
            raise RuntimeError
        return behind(seen, limit)

    monkeypatch.setattr(there.ledger.watching, "behind", fails_once)

    async def work() -> list[Told]:
        with desk_of(there).hub.watching("team", [job], {}) as watch:
            heard = asyncio.create_task(everything(watch))
            await in_thread(wait_until, lambda: failed)
            worker = await in_thread(Worker, there.ledger)
            await in_thread(worker.succeed)
            return await heard

    assert run(work)[-1].last
