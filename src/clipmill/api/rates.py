"""How often each caller may ask: a bucket of tokens for each, filled again as time goes by."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from clipmill.errors import RateLimitedError

_MOST_CALLERS = 10_000


@dataclass
class _Bucket:
    tokens: float
    filled_at: float


class Rates:
    """As many requests a minute for each caller, at once or spread; callers not heard of for long are forgotten."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, caller: str) -> None:
        """Count one request; `RateLimitedError` says when the next one is welcome."""
        with self._lock:
            bucket = self._filled(caller)
            if bucket.tokens < 1:
                wait_s = math.ceil((1 - bucket.tokens) * 60 / self._per_minute)
                raise RateLimitedError(
                    f"more than {self._per_minute} requests in a minute. Ask again in {wait_s} s.",
                    details={"retry_after_s": wait_s},
                )
            bucket.tokens -= 1

    def _filled(self, caller: str) -> _Bucket:
        now = self._clock()
        bucket = self._buckets.setdefault(caller, _Bucket(self._per_minute, now))
        self._buckets.move_to_end(caller)
        if len(self._buckets) > _MOST_CALLERS:
            self._buckets.popitem(last=False)
        grown = (now - bucket.filled_at) * self._per_minute / 60
        bucket.tokens, bucket.filled_at = min(bucket.tokens + grown, self._per_minute), now
        return bucket
