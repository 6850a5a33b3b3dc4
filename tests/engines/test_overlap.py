import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipmill.engines.overlap import ahead


def producers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "ahead"]


class Tap:
    """Counts what was taken, and knows whether it was closed."""

    def __init__(self, count: int = 1000) -> None:
        self.taken = 0
        self.closed = False
        self._count = count

    def values(self) -> Iterator[int]:
        try:
            for value in range(self._count):
                self.taken += 1
                yield value
        finally:
            self.closed = True


def settled(tap: Tap) -> int:
    """How much was taken once the producer has come to a stop."""
    before = -1
    while tap.taken != before:
        before = tap.taken
        time.sleep(0.05)
    return before


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(), max_size=50), st.integers(1, 5))
def test_values_come_in_their_order(values, depth):
    assert list(ahead(values, depth)) == values


def test_values_are_made_in_another_thread():
    maker: list[str] = []

    def values():
        maker.append(threading.current_thread().name)
        yield 1

    assert list(ahead(values(), 1)) == [1]
    assert maker == ["ahead"]


def test_a_fault_comes_after_the_values_before_it():
    def values():
        yield 1
        yield 2
        raise KeyError("three")

    made = ahead(values(), 3)
    assert [next(made), next(made)] == [1, 2]
    with pytest.raises(KeyError, match="three"):
        next(made)
    assert producers() == []


def test_no_more_is_made_than_may_wait():
    tap = Tap()
    made = ahead(tap.values(), 3)
    assert next(made) == 0
    # One was handed over, three wait, one is held by the producer.
    assert settled(tap) == 5
    made.close()


def test_closing_early_ends_the_thread_and_closes_the_producer():
    tap = Tap()
    made = ahead(tap.values(), 2)
    assert next(made) == 0
    made.close()
    assert tap.closed
    assert producers() == []


def test_a_consumer_that_fails_ends_the_thread():
    tap = Tap()

    def consume():
        for value in ahead(tap.values(), 2):
            if value == 3:
                raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        consume()
    assert tap.closed
    assert producers() == []


def test_a_producer_is_closed_at_its_end():
    tap = Tap(3)
    assert list(ahead(tap.values(), 8)) == [0, 1, 2]
    assert tap.closed
    assert producers() == []


def test_nothing_is_made_before_it_is_asked_for():
    tap = Tap()
    made = ahead(tap.values(), 2)
    assert tap.taken == 0
    made.close()
    assert producers() == []


def test_a_producer_in_the_middle_of_a_value_may_finish_it_before_it_is_closed():
    going, may_go = threading.Event(), threading.Event()
    done: list[int] = []

    def values():
        yield 0
        going.set()
        may_go.wait(5)
        done.append(1)
        yield 1

    made = ahead(values(), 1)
    assert next(made) == 0
    assert going.wait(5)
    threading.Timer(0.1, may_go.set).start()
    made.close()
    assert done == [1]
    assert producers() == []
