"""The states of a job and the only legal moves between them; the database refuses every other move by itself.

Convention: a state never goes back. An attempt that begins anew leaves the job where it is, ``running`` or
``publishing``, and its number tells how often it was begun.
"""

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    PUBLISHING = "publishing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def terminal(self) -> bool:
        """Whether nothing follows.

        >>> [state.value for state in State if not state.terminal]
        ['queued', 'running', 'publishing']
        """
        return not MOVES[self]


_STOPPED = frozenset({State.FAILED, State.CANCELLED, State.EXPIRED})

MOVES: Mapping[State, frozenset[State]] = {
    State.QUEUED: _STOPPED | {State.RUNNING},
    State.RUNNING: _STOPPED | {State.PUBLISHING},
    State.PUBLISHING: _STOPPED | {State.SUCCEEDED},
    State.SUCCEEDED: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
    State.EXPIRED: frozenset(),
}

ACTIVE = tuple(state for state in State if not state.terminal)
"""The states of a job that has not come to its end."""
