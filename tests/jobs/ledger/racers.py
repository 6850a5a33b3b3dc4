"""Processes and threads that race for one ledger; all of them start at the same moment."""

import multiprocessing
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.synchronize import Barrier
from typing import Any

from clipmill.jobs.ledger import Ledger

Run = Callable[[Ledger], Any]
FRESH = multiprocessing.get_context("forkserver")
"""Makes processes that share no connection with anybody, without the wait for their imports."""
FRESH.set_forkserver_preload(["alembic.command", "pytest", "psycopg", "tests.jobs.ledger.worlds", __name__])


def in_threads(url: str, runs: Sequence[Run]) -> list[Any]:
    """What each run returned, with a ledger of its own in a thread of its own."""
    start = threading.Barrier(len(runs))
    with ThreadPoolExecutor(len(runs)) as pool:
        racing: list[Future[Any]] = [pool.submit(_raced, url, run, start) for run in runs]
        return [race.result() for race in racing]


def in_processes(url: str, runs: Sequence[Run]) -> list[Any]:
    """The same in processes; what runs must be found by name."""
    start, answers = FRESH.Barrier(len(runs)), FRESH.SimpleQueue()
    racers = [FRESH.Process(target=_answer, args=(url, run, start, answers, place)) for place, run in enumerate(runs)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert [racer.exitcode for racer in racers] == [0] * len(racers)
    found: dict[int, Any] = dict(answers.get() for _ in racers)
    return [found[place] for place in range(len(runs))]


def _answer(url: str, run: Run, start: Barrier, answers: Any, place: int) -> None:
    answers.put((place, _raced(url, run, start)))


def _raced(url: str, run: Run, start: Any) -> Any:
    ledger = Ledger.open(url)
    start.wait()
    try:
        return run(ledger)
    finally:
        ledger.close()
