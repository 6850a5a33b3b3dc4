"""A place that is kept for the length of a block: renewed meanwhile, given back whatever happens."""

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from clipmill.errors import ClipmillError
from clipmill.runners.prefect.places import Place, Places
from clipmill.storage.retry import RetryPolicy

_LOG = logging.getLogger(__name__)

_ASKED_AGAIN_S = (1.0, 2.0)


class Hold:
    """Two threads: one renews, the other calls ``lost`` in time even while the first one waits for an answer."""

    def __init__(self, places: Places, place: Place, run_id: str, lost: Callable[[], None]) -> None:
        self._places = places
        self._place = place
        self._run = run_id
        self._lost = lost
        self._until = place.since + places.terms.stopped_after_s
        self._over = threading.Event()
        works = (self._renew_until_over, self._watch_until_over)
        self._threads = [threading.Thread(target=work, name="clipmill-place", daemon=True) for work in works]

    def __enter__(self) -> Self:
        if self._place.id is not None:
            # What lay between may have taken its time.
            self._is_over()
            for thread in self._threads:
                thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._place.id is None:
            return
        self._over.set()
        for thread in self._threads:
            thread.join()
        try:
            RetryPolicy(_ASKED_AGAIN_S).run(lambda: self._places.give_back(self._place))
        except ClipmillError as fault:
            _LOG.warning("the place of run %s is free only after a while: %s", self._run, fault.message)

    def _renew_until_over(self) -> None:
        while not self._over.wait(self._places.terms.renewed_every_s):
            asked_at = time.monotonic()
            try:
                if not self._places.renew(self._place, self._run):
                    _LOG.warning("run %s has lost its place, so its work is stopped", self._run)
                    self._lost()
                    return
            except ClipmillError as fault:
                _LOG.warning("the place of run %s cannot be renewed for now: %s", self._run, fault.message)
            else:
                self._until = asked_at + self._places.terms.stopped_after_s

    def _watch_until_over(self) -> None:
        while not self._over.wait(max(0.0, self._until - time.monotonic())):
            if self._is_over():
                return

    def _is_over(self) -> bool:
        if time.monotonic() < self._until:
            return False
        _LOG.warning("run %s cannot tell whether it still has its place, so its work is stopped", self._run)
        self._lost()
        return True
