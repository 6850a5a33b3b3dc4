"""Words for what the ledger tells and sends."""

from enum import StrEnum


class EventKind(StrEnum):
    """What a watcher of a job is told; ``done`` comes once and last."""

    STATE = "state"
    PROGRESS = "progress"
    LOG = "log"
    DONE = "done"


class DeliveryState(StrEnum):
    """How far a message is on its way to one address."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"
