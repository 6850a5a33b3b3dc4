"""A lock that is kept for the length of a block: renewed meanwhile, given back whatever happens."""

import logging
import threading
from types import TracebackType
from typing import Self

from clipmill.errors import ClipmillError, LockLostError
from clipmill.jobs.caption_book.locks import Lock, Locks

_LOG = logging.getLogger(__name__)

RENEWED_EVERY_S = 30.0


class Holding:
    """Renews a lock from a thread of its own; `check` comes before every write."""

    def __init__(self, locks: Locks, lock: Lock, every_s: float = RENEWED_EVERY_S) -> None:
        self.lock = lock
        self.lost = threading.Event()
        self._locks = locks
        self._every_s = every_s
        self._over = threading.Event()
        self._renewing = threading.Thread(target=self._keep, name="clipmill-lock", daemon=True)

    def check(self) -> None:
        """Renew the lock; `LockLostError` if it is somebody else's to write by now, or nobody can tell."""
        try:
            if not self.lost.is_set() and self._locks.renew(self.lock):
                return
        except ClipmillError as fault:
            raise self._gone() from fault
        self.lost.set()
        raise self._gone()

    def __enter__(self) -> Self:
        self._renewing.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._renewing.join()
        try:
            if not self._locks.release(self.lock):
                _LOG.warning("%s of video %s: the lock was lost before its release", *self._named)
        except Exception as fault:  # noqa: BLE001 - the lease runs out by itself
            _LOG.warning("%s of video %s: the lock was not released: %s", *self._named, fault)

    @property
    def _named(self) -> tuple[str, str]:
        return self.lock.database, self.lock.video_id

    def _keep(self) -> None:
        while not self._over.wait(self._every_s):
            try:
                if not self._locks.renew(self.lock):
                    self.lost.set()
                    return
            except Exception as fault:  # noqa: BLE001 - the next renewal may come in time
                _LOG.warning("%s of video %s: the lock was not renewed: %s", *self._named, fault)

    def _gone(self) -> LockLostError:
        database, video_id = self._named
        return LockLostError(
            f"{database} of video {video_id}: the lease of this run, fence {self.lock.fence}, could not be renewed. "
            "Nothing more is written; run it again."
        )
