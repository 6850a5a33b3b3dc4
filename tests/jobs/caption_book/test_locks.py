import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.jobs.caption_book.worlds import World, at_once

from clipmill.errors import LockLostError, StorageUnavailableError
from clipmill.jobs.caption_book import CaptionBook
from clipmill.jobs.caption_book.holding import Holding
from clipmill.jobs.caption_book.locks import LEASE_S, Database, Lock, Locks

CAPTIONS = Database.CAPTIONS


def taken(world: World, holder: str = "flow") -> Lock:
    lock = world.book.locks.acquire("match", CAPTIONS, holder)
    assert lock is not None
    return lock


def test_a_lock_that_is_held_is_given_to_nobody_else(there: World):
    lock = taken(there)
    assert there.book.locks.acquire("match", CAPTIONS, "editor") is None
    assert there.book.locks.acquire("match", Database.LAYOUT, "editor") is not None
    assert lock.fence == 1


def test_of_many_who_want_a_lock_at_once_one_gets_it(there: World):
    got = at_once(6, lambda number: there.book.locks.acquire("match", CAPTIONS, f"flow {number}"))
    assert sum(lock is not None for lock in got) == 1


def test_the_lock_of_a_killed_process_is_free_after_its_lease_and_the_old_process_cannot_write(there: World):
    old = taken(there)
    there.wait(LEASE_S - 1)
    assert there.book.locks.acquire("match", CAPTIONS, "other") is None
    there.wait(1)
    assert not there.book.locks.renew(old)
    assert taken(there, "other").fence == 2
    with pytest.raises(LockLostError):
        Holding(there.book.locks, old).check()


def test_a_release_with_an_old_token_leaves_the_current_holder_the_lock(there: World):
    old = taken(there)
    there.wait(LEASE_S)
    current = taken(there, "other")
    assert not there.book.locks.release(old)
    assert there.book.locks.renew(current)


def test_a_released_lock_is_free_though_the_clock_moves_back(there: World):
    there.book.locks.release(taken(there))
    there.wait(-3600)
    assert taken(there).fence == 2


def test_leases_are_measured_by_the_clock_of_the_database(there: World):
    locks = CaptionBook(there.engine).locks
    lock = locks.acquire("match", CAPTIONS, "flow")
    assert lock is not None
    assert locks.renew(lock)
    [(acquired, expires)] = there.rows("SELECT acquired_at, expires_at FROM database_locks")
    assert LEASE_S <= expires - acquired < 2 * LEASE_S
    assert abs(CaptionBook(there.engine).now().timestamp() - acquired) < LEASE_S


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    acts=st.lists(
        st.tuples(st.sampled_from(["acquire", "renew", "release"]), st.integers(0, 1), st.sampled_from([0, 50, 120])),
        max_size=8,
    )
)
def test_at_no_time_do_two_hold_the_lock_and_fences_only_grow(sqlite_world: World, acts: list[tuple[str, int, int]]):
    sqlite_world.run("DELETE FROM database_locks")
    locks, mine, fence = sqlite_world.book.locks, dict[int, Lock](), 0
    holder, until = None, 0.0
    for act, who, pause in acts:
        sqlite_world.wait(pause)
        alive = holder is not None and until > sqlite_world.now
        if act == "acquire":
            lock = locks.acquire("match", CAPTIONS, str(who))
            assert (lock is None) == alive
            if lock is not None:
                assert lock.fence == fence + 1
                mine[who], holder, until, fence = lock, who, sqlite_world.now + LEASE_S, lock.fence
        elif who in mine:
            own = holder == who
            if act == "renew":
                assert locks.renew(mine[who]) == (own and alive)
                until = sqlite_world.now + LEASE_S if own and alive else until
            else:
                assert locks.release(mine[who]) == own
                holder = None if own else holder


def test_a_lock_is_renewed_while_it_is_held_and_goes_back_though_the_work_fails(sqlite_world: World):
    lock = taken(sqlite_world)
    renewed = Renewals(sqlite_world.book.locks)

    def work() -> None:
        with Holding(renewed, lock, every_s=0.001):
            renewed.wait_for(2)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert taken(sqlite_world).fence == 2


def test_a_renewal_that_fails_is_told_before_the_next_write(sqlite_world: World):
    with Holding(sqlite_world.book.locks, taken(sqlite_world), every_s=0.001) as holding:
        holding.check()
        sqlite_world.wait(LEASE_S)
        assert holding.lost.wait(10)
        with pytest.raises(LockLostError, match="could not be renewed"):
            holding.check()


def test_nothing_is_written_while_nobody_can_tell_whose_the_lock_is(sqlite_world: World, monkeypatch):
    def down(_lock: Lock) -> bool:
        raise StorageUnavailableError("the database does not answer")

    with Holding(sqlite_world.book.locks, taken(sqlite_world)) as holding:
        monkeypatch.setattr(sqlite_world.book.locks, "renew", down)
        with pytest.raises(LockLostError):
            holding.check()


class Renewals(Locks):
    """Locks that count how often they were renewed."""

    def __init__(self, locks: Locks) -> None:
        self._locks = locks
        self._counted = threading.Semaphore(0)

    def renew(self, lock: Lock) -> bool:
        self._counted.release()
        return self._locks.renew(lock)

    def release(self, lock: Lock) -> bool:
        return self._locks.release(lock)

    def wait_for(self, times: int) -> None:
        for _ in range(times):
            assert self._counted.acquire(timeout=10)
