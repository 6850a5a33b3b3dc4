"""Bytes of objects kept in memory, block by block, within a bound."""

from collections import OrderedDict
from collections.abc import Hashable

from clipmill.storage.runs import BLOCK_BYTES

Place = tuple[Hashable, int]
"""Whose block, and which."""

INDEX_BYTES = 16 * 1024 * 1024
RECENT_BYTES = 12 * 1024 * 1024
FIRST_BYTES = 12 * 1024 * 1024
"""The index of an MP4 takes 3 MiB for an hour with sound."""


class Blocks:
    """Keeps what was read lately, and apart from it what was read of each object first.

    What is read first is the container's index and how its streams begin: whoever opens the file once more reads it
    again. Kept apart, no amount of samples drives it out.
    """

    def __init__(self) -> None:
        self._index: OrderedDict[Place, bytes] = OrderedDict()
        self._recent: OrderedDict[Place, bytes] = OrderedDict()
        self._first: dict[Hashable, int] = {}

    def has(self, owner: Hashable, block: int) -> bool:
        return (owner, block) in self._index or (owner, block) in self._recent

    def get(self, owner: Hashable, block: int) -> bytes | None:
        """The block, if it is still here."""
        place = owner, block
        kept = self._index if place in self._index else self._recent
        if place not in kept:
            return None
        kept.move_to_end(place)
        return kept[place]

    def keep(self, owner: Hashable, first: int, data: bytes) -> None:
        """Take bytes in that begin with block ``first``; blocks that were wanted longest ago make room for them."""
        for start in range(0, len(data), BLOCK_BYTES):
            self._keep((owner, first + start // BLOCK_BYTES), data[start : start + BLOCK_BYTES])

    def clear(self) -> None:
        self._index.clear()
        self._recent.clear()
        self._first.clear()

    def _keep(self, place: Place, data: bytes) -> None:
        owner = place[0]
        count = self._first.get(owner, 0)
        if count < FIRST_BYTES // BLOCK_BYTES:
            self._first[owner] = count + 1
            kept, most = self._index, INDEX_BYTES
        else:
            kept, most = self._recent, RECENT_BYTES
        kept[place] = data
        if len(kept) > most // BLOCK_BYTES:
            kept.popitem(last=False)
