"""How far one attempt may go before it is stopped."""

from dataclasses import dataclass

GIB = 1024**3


@dataclass(frozen=True)
class Limits:
    """Bounds of one attempt; None means what the function says it needs.

    ``stall_s`` bounds the time without any progress, ``grace_s`` the time between asking a child to stop and
    killing it, ``file_bytes`` each scratch file. ``niceness`` is by how much a child stands back where others want the
    cores too, such as a service that answers calls while it renders.
    """

    time_s: float | None = None
    memory_bytes: int | None = None
    stall_s: float = 120.0
    grace_s: float = 2.0
    file_bytes: int = 64 * GIB
    niceness: int = 0
