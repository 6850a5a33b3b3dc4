"""How many transfers a service carries at a time, of one tenant and in all."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, cast

from anyio import CapacityLimiter
from fastapi import Depends
from starlette.requests import HTTPConnection

from clipmill.errors import RateLimitedError

MOST_UPLOADS = 16
MOST_UPLOADS_OF_ONE = 8
MOST_READS = 16
MOST_LOOKS = 2
MOST_LOOKS_WAITING = 16


@dataclass
class Traffic:
    """The transfers of one app; it lives in the event loop.

    An upload keeps a thread of ``writing`` until it ends, a download one of ``reading`` for each piece only. ``looking``
    counts children that look into a file for a call that waits.
    """

    writing: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(MOST_UPLOADS))
    reading: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(MOST_READS))
    looking: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(MOST_LOOKS))
    _uploads: Counter[str] = field(default_factory=Counter[str])

    @contextmanager
    def uploading(self, tenant: str) -> Generator[None]:
        """Count an upload while the block lasts; one too many is refused."""
        mine, all_of_them = self._uploads[tenant], self._uploads.total()
        if mine >= MOST_UPLOADS_OF_ONE or all_of_them >= MOST_UPLOADS:
            raise RateLimitedError(
                f"{mine} uploads of this tenant are under way, of {MOST_UPLOADS_OF_ONE} at most, and {all_of_them} in "
                f"all, of {MOST_UPLOADS} at most. Send this one again when another has ended."
            )
        self._uploads[tenant] += 1
        try:
            yield
        finally:
            self._uploads[tenant] -= 1
            self._uploads += Counter()  # drops the tenants that have none

    def check_looks(self) -> None:
        """Refuse to look into another file while too many wait for it."""
        waiting = self.looking.statistics().tasks_waiting
        if waiting >= MOST_LOOKS_WAITING:
            raise RateLimitedError(f"{waiting} calls wait to look into a file, which is the most. Ask again.")


async def traffic_of(connection: HTTPConnection) -> Traffic:
    """The traffic of the app that is being called."""
    state = connection.app.state
    if not hasattr(state, "traffic"):
        state.traffic = Traffic()
    return cast("Traffic", state.traffic)


OnTheWay = Annotated[Traffic, Depends(traffic_of)]
