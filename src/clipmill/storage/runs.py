"""How far to read ahead of someone who reads on and on.

Convention: places and lengths count blocks of `BLOCK_BYTES`.

A container is read a little at the start, then its index wherever that lies, then samples, forward, maybe from two
places in turn. A jump fetches two blocks; ahead of a run is twice its length, up to 1 MiB, and from 8 MiB on an eighth
of its length, up to 2 MiB. So a clip costs less than 4 MiB beside its index and its bytes, and a long run gets 60 MB/s
where answers take 30 ms: more than a decoder can use.
"""

from collections import OrderedDict

BLOCK_BYTES = 64 * 1024

_MIB = 1024 * 1024 // BLOCK_BYTES

MOST_AHEAD = 2 * _MIB

_SHORTEST_RUN = 2
"""One read at a place may touch two blocks."""
_RUNS_KEPT = 8


class Runs:
    """Where the readers of one object are, and how far each has come without a jump."""

    def __init__(self) -> None:
        self._lengths: OrderedDict[int, int] = OrderedDict()

    def pass_on(self, block: int) -> int:
        """Note that a block is read; how many blocks behind it are likely to be wanted next."""
        if block + 1 in self._lengths:
            self._lengths.move_to_end(block + 1)
            return window(self._lengths[block + 1] - 1)
        length = self._lengths.pop(block, 0)
        self._lengths[block + 1] = length + 1
        while len(self._lengths) > _RUNS_KEPT:
            self._lengths.popitem(last=False)
        return window(length)


def window(run: int) -> int:
    """How many blocks to have behind the one that is read, ``run`` blocks in a row after a jump."""
    if run < _SHORTEST_RUN:
        return 1
    return max(min(2 * run, _MIB), min(run // 8, MOST_AHEAD))


def request_size(ahead: int) -> int:
    """How many blocks one request asks for, where so many are wanted: a few requests share a window."""
    return max(_MIB // 4, -(-ahead // 4))
