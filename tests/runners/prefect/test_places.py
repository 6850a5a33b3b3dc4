import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.jobs.machines import wait_until
from tests.runners.prefect.asked import Asked
from tests.runners.prefect.shelf import QUEUE, Shelf, run_in_queue

from clipmill.errors import StorageUnavailableError
from clipmill.runners.prefect import entry
from clipmill.runners.prefect.entry import entered
from clipmill.runners.prefect.hold import Hold
from clipmill.runners.prefect.places import Place, Places, Terms
from clipmill.runners.prefect.telling import Stop

TERMS = Terms()


def fail(*_: object) -> Any:
    raise StorageUnavailableError("busy")


def test_of_many_runs_that_ask_at_once_as_many_as_the_limit_says_have_a_place():
    shelf = Shelf(2)
    together = threading.Barrier(8)

    def take(number: int) -> Place | None:
        together.wait()
        return Places(shelf, TERMS).take(run_in_queue(number))

    with ThreadPoolExecutor(8) as pool:
        taken = [place for place in pool.map(take, range(8)) if place]
    assert len(taken) == len({place.id for place in taken}) == 2


@given(
    limit=st.integers(1, 3),
    acts=st.lists(
        st.tuples(st.sampled_from(["take", "renew", "end", "wait"]), st.integers(0, 4), st.floats(1, 60)), max_size=40
    ),
)
def test_whoever_dies_or_is_not_heard_there_are_never_more_at_work_than_the_limit(
    limit: int, acts: list[tuple[str, int, float]]
):
    """A holder works until it is refused, or was not answered for too long; then it asks no more."""
    shelf, held = Shelf(limit), dict[int, tuple[Place, float]]()
    places, now = Places(shelf, TERMS), 0.0
    for act, number, seconds in acts:
        match act, held.get(number):
            case "take", None if place := places.take(run_in_queue(number)):
                held[number] = place, now
            case "renew", (place, _):
                held[number] = place, now
                if not places.renew(place, "run"):
                    del held[number]
            case "end", (place, _):
                places.give_back(held.pop(number)[0])
            case "wait", _:
                now += seconds
                shelf.wait(seconds)
            case _:
                pass
        held = {who: hold for who, hold in held.items() if now - hold[1] < TERMS.stopped_after_s}
        assert len(held) <= limit


def test_the_place_of_one_that_died_is_free_when_it_has_not_been_renewed_for_long_enough():
    shelf = Shelf(1)
    places = Places(shelf, TERMS)
    dead = places.take(run_in_queue(1))
    assert dead
    shelf.wait(30)
    assert places.renew(dead, "run-1")
    shelf.wait(TERMS.free_after_s - 1)
    assert places.take(run_in_queue(2)) is None
    shelf.wait(1)
    assert places.take(run_in_queue(2))


def test_one_that_comes_back_from_the_dead_takes_nothing_from_its_successor():
    shelf = Shelf(1)
    places = Places(shelf, TERMS)
    dead = places.take(run_in_queue(1))
    shelf.wait(TERMS.free_after_s)
    heir = places.take(run_in_queue(2))
    assert dead
    assert heir
    assert not places.renew(dead, "run-1")
    places.give_back(dead)
    assert places.renew(heir, "run-2")


def test_when_a_limit_is_lowered_nobody_follows_until_enough_have_ended():
    shelf = Shelf(3)
    places = Places(shelf, TERMS)
    taken = [place for place in map(places.take, map(run_in_queue, range(3))) if place]
    shelf.limit = 1
    for place in taken:
        assert places.take(run_in_queue(4)) is None
        places.give_back(place)
    assert places.take(run_in_queue(4))


def test_in_a_queue_without_a_limit_nobody_is_counted():
    shelf = Shelf(None)
    place = Places(shelf, TERMS).take(run_in_queue())
    assert place
    with Hold(Places(shelf, TERMS), place, "run-0", pytest.fail):
        pass
    assert [path for path, _ in shelf.asked] == [f"/work_queues/{QUEUE}"]


def test_a_place_is_renewed_while_it_is_held_and_free_afterwards():
    shelf = Shelf(1)
    places = Places(shelf, Terms(renewed_every_s=0.01))
    place = places.take(run_in_queue())
    assert place
    with Hold(places, place, "run-0", pytest.fail):
        wait_until(lambda: sum(path == f"/variables/{place.id}" for path, _ in shelf.asked) >= 2)
        assert shelf.kept
    assert not shelf.kept


def test_one_whose_place_is_gone_is_told():
    lost = threading.Event()
    places = Places(Asked(lambda _path, _body: None), Terms(renewed_every_s=0.01))
    with Hold(places, Place("1", time.monotonic()), "run-0", lost.set):
        assert lost.wait(60)


def test_one_that_comes_late_is_told_before_it_begins():
    lost = threading.Event()
    with Hold(Places(Asked(), TERMS), Place("1", time.monotonic() - TERMS.stopped_after_s), "run-0", lost.set):
        assert lost.is_set()


def test_one_that_cannot_know_is_told_in_time_even_while_it_waits_for_an_answer():
    answered = threading.Event()

    def wait(_path: str, _body: Any) -> Any:
        answered.wait(60)
        return fail()

    for answer in (fail, wait):
        lost = threading.Event()
        places = Places(Asked(answer), Terms(renewed_every_s=0.01, stopped_after_s=0.05))
        with Hold(places, Place("1", time.monotonic()), "run-0", lost.set):
            assert lost.wait(60)
            answered.set()


def test_a_run_without_a_place_waits_in_its_queue_for_a_while():
    places = Places(Shelf(0), TERMS)
    told = {"id": "run-1", "state": {"type": "RUNNING"}, "work_queue_id": QUEUE}
    server = Shelf(0, lambda path, _body: {"status": status} if path.endswith("set_state") else told)
    for status, why in (("ACCEPT", Stop.NO_PLACE), ("ABORT", Stop.CANCELLED)):  # noqa: B007 - the server answers with it
        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(entered, server, places, "run-1").result() is why
        state = server.asked[-1][1]["state"]
        assert (state["type"], waits_s(server, state)) == ("SCHEDULED", TERMS.again_after_s)
    # The process of a run has to end before Prefect's worker may be given it again.
    assert entered(server, places, "run-1") is Stop.CANCELLED
    assert waits_s(server, server.asked[-1][1]["state"]) >= 30


def waits_s(server: Shelf, state: Any) -> float:
    return (datetime.fromisoformat(state["state_details"]["scheduled_time"]) - server.now()).total_seconds()


def test_a_run_does_not_begin_as_long_as_nobody_tells_whether_it_has_a_place(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(entry, "_ASKED_AGAIN_S", (0.0,))
    server = Asked(fail)
    assert entered(server, Places(server, TERMS), "run-0") is Stop.TAKEN_AWAY
    assert len(server.asked) == 2
