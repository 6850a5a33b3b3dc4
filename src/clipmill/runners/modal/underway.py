"""Work in a thread of its own, so that whatever interrupts the caller stops the work in good order first."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

Done = TypeVar("Done")

_TICK_S = 0.2


class Stop(threading.Event):
    """Asks work to stop: ``for_good``, unless the platform takes the machine away and will begin the work elsewhere."""

    for_good = True


class Underway(Generic[Done]):
    """The platform cancels a call by an exception in the thread that runs it: here that thread only waits.

    A `KeyboardInterrupt` is how it announces that the machine goes away.
    """

    def __init__(self, work: Callable[[Stop], Done]) -> None:
        self._stop = Stop()
        self._done: Future[Done] = Future()
        self._work = work
        self._thread = threading.Thread(target=self._run, name="clipmill-work", daemon=True)
        self._thread.start()

    @property
    def has_ended(self) -> bool:
        return self._done.done()

    def result(self) -> Done:
        """Wait for the end; an interruption stops the work before it goes on."""
        try:
            while not self._done.done():
                self._thread.join(_TICK_S)
        except KeyboardInterrupt:
            self._stop.for_good = False
            raise
        finally:
            self.stop()
        return self._done.result()

    def stop(self) -> None:
        """Ask the work to stop, and return when it has."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._done.set_result(self._work(self._stop))
        except BaseException as fault:  # noqa: BLE001 - it is raised where the result is asked for
            self._done.set_exception(fault)
