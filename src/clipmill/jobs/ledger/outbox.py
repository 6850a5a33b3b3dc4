"""Deliveries on their way: claimed by a sender, then answered, tried again later, or given up.

A claim is only a time until which nobody else takes the delivery: of a sender that died, it comes back by itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from clipmill.jobs.ledger import endpoints
from clipmill.jobs.ledger.backoff import DELIVERY_PAUSES_S, Chance, pause
from clipmill.jobs.ledger.database import writing
from clipmill.jobs.ledger.kinds import DeliveryState
from clipmill.jobs.ledger.moments import Clock
from clipmill.jobs.ledger.tables import deliveries, outbox
from clipmill.jobs.ledger.tables import endpoints as endpoint_rows
from clipmill.storage.redact import redact

CLAIMED_FOR = timedelta(seconds=60)
_MOST_ERROR_LETTERS = 1000


@dataclass(frozen=True)
class Delivery:
    """One message for one address, in its try number ``tries``; without ``secrets`` the deployment's own sign."""

    id: str
    tenant: str
    message_id: str
    payload: Mapping[str, Any]
    address: str
    endpoint_id: str | None
    tries: int
    secrets: Sequence[str] = field(repr=False)


class Outbox:
    """What senders need of the ledger."""

    def __init__(self, engine: Engine, clock: Clock, draw: Chance) -> None:
        self._engine = engine
        self._clock = clock
        self._draw = draw
        self._listeners: list[Callable[[], None]] = []

    def on_news(self, heard: Callable[[], None]) -> None:
        """Let this be called, at once and from any thread, when this ledger wrote something that is to be sent."""
        self._listeners.append(heard)

    def announce(self) -> None:
        """Something was written that is to be sent."""
        for heard in self._listeners:
            heard()

    def claim(self, limit: int = 10) -> list[Delivery]:
        """The deliveries that are due, the longest waiting first; each is claimed by one sender at a time."""
        now = self._clock()
        due = (
            select(deliveries.c.id)
            .where(deliveries.c.state == DeliveryState.WAITING, deliveries.c.next_at <= now)
            .order_by(deliveries.c.next_at, deliveries.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        with writing(self._engine) as connection:
            ids = list(connection.execute(due).scalars())
            taken = {"tries": deliveries.c.tries + 1, "next_at": now + CLAIMED_FOR}
            connection.execute(update(deliveries).where(deliveries.c.id.in_(ids)).values(**taken))
            return [_delivery(connection, delivery_id) for delivery_id in ids]

    def ack(self, delivery: Delivery, status: int) -> None:
        """The address took the message."""
        arrived = {"state": DeliveryState.DELIVERED, "last_status": status, "last_error": None}
        self._settle(delivery, arrived)

    def nack(self, delivery: Delivery, error: str, status: int | None = None) -> None:
        """The try failed: the next one comes later, or never once all are used up. A claim that ran out says nothing."""
        wait = pause(DELIVERY_PAUSES_S, delivery.tries, self._draw)
        text = redact(error).replace("\0", "")[:_MOST_ERROR_LETTERS]
        values: dict[str, Any] = {"last_status": status, "last_error": text}
        values |= {"state": DeliveryState.DEAD} if wait is None else {"next_at": self._clock() + wait}
        self._settle(delivery, values, deliveries.c.tries == delivery.tries)

    def gone(self, delivery: Delivery, status: int = 410) -> None:
        """The address wants no messages any more: its endpoint is disabled."""
        with writing(self._engine) as connection:
            dead = {"state": DeliveryState.DEAD, "last_status": status}
            connection.execute(update(deliveries).where(*_waits(delivery)).values(**dead))
            if delivery.endpoint_id is not None:
                endpoints.disable(connection, delivery.endpoint_id)

    def _settle(self, delivery: Delivery, values: dict[str, Any], *conditions: Any) -> None:
        with writing(self._engine) as connection:
            connection.execute(update(deliveries).where(*_waits(delivery), *conditions).values(**values))


def _waits(delivery: Delivery) -> tuple[Any, ...]:
    return (deliveries.c.id == delivery.id, deliveries.c.state == DeliveryState.WAITING)


def _delivery(connection: Connection, delivery_id: str) -> Delivery:
    query = (
        select(deliveries, outbox.c.payload, endpoint_rows.c.secrets)
        .join(outbox, outbox.c.id == deliveries.c.message_id)
        .outerjoin(endpoint_rows, endpoint_rows.c.id == deliveries.c.endpoint_id)
        .where(deliveries.c.id == delivery_id)
    )
    row = connection.execute(query).one()
    names = ("id", "tenant", "message_id", "payload", "address", "endpoint_id", "tries")
    return Delivery(**{name: getattr(row, name) for name in names}, secrets=row.secrets or ())
