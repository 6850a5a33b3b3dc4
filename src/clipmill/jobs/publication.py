"""The end of a good attempt: its outputs appear under their keys, and what they replace goes away.

One that fails half-way takes back what it made: objects under keys where nothing was before. Whoever lost the job
leaves everything alone, for another one may have written there since.
"""

import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

from clipmill.errors import ClipmillError
from clipmill.function.stages import Stage
from clipmill.jobs.gate import Passing
from clipmill.jobs.progress import ProgressMeter
from clipmill.storage.store import ObjectInfo, Store, publish

AT_ONCE = 8
IN_TURN = 3
"""So many of the last outputs appear one after the other: readers take the last one as a sign that all are there."""

Check = Callable[[], None]
"""Raises once the job is to stop."""

ItemT = TypeVar("ItemT")
MadeT = TypeVar("MadeT")

_MP4 = "video/mp4"
_TYPES = {
    ".mp4": _MP4,
    ".m4v": _MP4,
    ".webm": "video/webm",
    ".json": "application/json",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".db": "application/vnd.sqlite3",
    ".gz": "application/gzip",
    ".srt": "text/plain; charset=utf-8",
    ".vtt": "text/vtt; charset=utf-8",
    ".ass": "text/x-ssa; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
}


def content_type(key: str) -> str:
    """What kind of bytes an output is; videos are MP4 unless the key says otherwise."""
    return _TYPES.get(Path(key).suffix.lower(), _MP4)


class Publication:
    """Moves the outputs of one attempt; ``check`` and ``passing`` stop it before each of them, and on the way."""

    def __init__(self, store: Store, meter: ProgressMeter, check: Check, passing: Passing) -> None:
        self._store = store
        self._meter = meter
        self._check = check
        self._passing = passing
        self._adding = threading.Lock()
        self._moved = 0
        self._total = 0
        self._is_alone = False
        self._new: set[str] = set()
        """Keys that may hold something now, and surely held nothing before."""

    def carried_out(self, outputs: Mapping[str, Path], retired: Iterable[str] = ()) -> list[ObjectInfo]:
        """What was written, in the order of the outputs; a fault leaves retired objects alone and no new output behind."""
        self._total = sum(path.stat().st_size for path in outputs.values())
        self._is_alone = len(outputs) == 1
        pairs = list(outputs.items())
        try:
            published = [*_side_by_side(self._move, pairs[:-IN_TURN]), *map(self._move, pairs[-IN_TURN:])]
        except Exception:
            self._take_back(list(outputs))
            raise
        for key in sorted(retired):
            self._check()
            self._passing.check()
            self._store.delete(key)
        return published

    def _take_back(self, keys: Sequence[str]) -> None:
        """Delete the new objects, first those that tell readers of the others; a fault ends it without a word."""
        with contextlib.suppress(ClipmillError):
            for key in reversed(keys[-IN_TURN:]):
                self._delete_new(key)
            _side_by_side(self._delete_new, keys[:-IN_TURN])

    def _delete_new(self, key: str) -> None:
        if key in self._new and self._passing.is_ours():
            self._store.delete(key)

    def _is_free(self, key: str) -> bool:
        """Whether surely nothing is under a key; a store that does not say may hold something."""
        if self._is_alone:
            # It appears whole or not at all: there will be nothing to take back.
            return False
        try:
            return not self._store.exists(key)
        except ClipmillError:
            return False

    def _move(self, pair: tuple[str, Path]) -> ObjectInfo:
        key, path = pair
        reached = 0

        def on_bytes(moved: int, size: int) -> None:
            nonlocal reached
            self._check()
            if moved < size:
                # The last bytes may be told when the object is there already.
                self._passing.check()
            self._tell(moved - reached)
            reached = moved

        self._check()
        free = self._is_free(key)
        self._passing.check()
        if free:
            self._new.add(key)
        written = publish(self._store, path, key, content_type(key), on_bytes)
        self._tell(written.size - reached)
        return written

    def _tell(self, more: int) -> None:
        with self._adding:
            self._moved += more
            self._meter.report(self._moved, self._total, Stage.UPLOADING)


def _side_by_side(action: Callable[[ItemT], MadeT], items: Sequence[ItemT]) -> list[MadeT]:
    """What an action makes of each item, in their order; those that have not begun by the first fault never will."""
    if not items:
        return []
    with ThreadPoolExecutor(AT_ONCE, "clipmill-publication") as pool:
        running = [pool.submit(action, item) for item in items]
        wait(running, return_when=FIRST_EXCEPTION)
        pool.shutdown(cancel_futures=True)
    faults = (one.exception() for one in running if not one.cancelled())
    if fault := next(filter(None, faults), None):
        raise fault
    return [one.result() for one in running]
