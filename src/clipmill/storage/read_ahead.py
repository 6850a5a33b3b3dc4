"""Ranges on their way while their reader is busy with what it has."""

import threading
from collections.abc import Callable, Hashable

MOST_AT_ONCE = 4
"""Of all objects together; the one that a reader makes and waits for comes on top."""


class Fetch(threading.Thread):
    """One request for the blocks ``[first, end)`` of an object; it ends by itself, whoever still wants its bytes."""

    def __init__(self, owner: Hashable, first: int, end: int, read: Callable[[int, int], bytes]) -> None:
        super().__init__(name="clipmill-read-ahead", daemon=True)
        self.owner, self.first, self.end = owner, first, end
        self._read = read
        self._data = b""
        self._fault: BaseException | None = None

    def run(self) -> None:
        try:
            self._data = self._read(self.first, self.end)
        except BaseException as fault:  # noqa: BLE001 - raised again where the bytes are needed
            self._fault = fault

    @property
    def failed(self) -> bool:
        return self._fault is not None

    def result(self) -> bytes:
        """Wait for the bytes, or for the error that there are in their place."""
        self.join()
        if self._fault is not None:
            raise self._fault
        return self._data


class ReadAhead:
    """Fetches in the background, at most `MOST_AT_ONCE`; a thread lives as long as its request. For one reading thread.

    A fetch that failed before anyone asked for its blocks is forgotten: whoever asks then tries anew.
    """

    def __init__(self) -> None:
        self._fetches: list[Fetch] = []

    @property
    def has_room(self) -> bool:
        return sum(fetch.is_alive() for fetch in self._fetches) < MOST_AT_ONCE

    def start(self, fetch: Fetch) -> None:
        self._fetches.append(fetch)
        fetch.start()

    def find(self, owner: Hashable, block: int) -> Fetch | None:
        """The fetch that brings a block."""
        mine = (fetch for fetch in self._fetches if fetch.owner is owner and fetch.first <= block < fetch.end)
        return next(mine, None)

    def drop(self, fetch: Fetch) -> None:
        self._fetches.remove(fetch)

    def take_finished(self) -> list[Fetch]:
        """Those that brought their bytes, which are handed over."""
        finished = [fetch for fetch in self._fetches if not fetch.is_alive()]
        self._fetches = [fetch for fetch in self._fetches if fetch not in finished]
        return [fetch for fetch in finished if not fetch.failed]

    def clear(self) -> None:
        """Forget what is on its way."""
        self._fetches.clear()
