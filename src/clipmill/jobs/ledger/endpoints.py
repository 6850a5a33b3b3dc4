"""Addresses to which a tenant has messages sent."""

import secrets as chance
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from clipmill.errors import NotFoundError
from clipmill.jobs.ledger.kinds import DeliveryState
from clipmill.jobs.ledger.tables import deliveries, endpoints


@dataclass(frozen=True)
class Endpoint:
    """``secrets`` sign, the newest first, several while they rotate; no ``kinds`` means messages of every kind."""

    id: str
    tenant: str
    address: str
    secrets: Sequence[str] = field(repr=False)
    kinds: Sequence[str]
    enabled: bool
    created_at: datetime


def add(connection: Connection, now: datetime, tenant: str, address: str, signing: Sequence[str]) -> Endpoint:
    """A new endpoint for messages of every kind."""
    endpoint = Endpoint(f"ep_{chance.token_hex(16)}", tenant, address, list(signing), [], True, now)
    connection.execute(insert(endpoints).values(**vars(endpoint)))
    return endpoint


def find(connection: Connection, tenant: str, endpoint_id: str) -> Endpoint:
    """A tenant's endpoint; one of another tenant is not there."""
    query = select(endpoints).where(endpoints.c.id == endpoint_id, endpoints.c.tenant == tenant)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"there is no webhook endpoint {endpoint_id!r:.140}. Check the id, and whose key asks.")
    return Endpoint(**row)


def of_tenant(connection: Connection, tenant: str) -> list[Endpoint]:
    """All endpoints of a tenant, oldest first."""
    query = select(endpoints).where(endpoints.c.tenant == tenant).order_by(endpoints.c.created_at, endpoints.c.id)
    return [Endpoint(**row) for row in connection.execute(query).mappings()]


def listening(connection: Connection, tenant: str, kind: str) -> list[Endpoint]:
    """The endpoints that want messages of this kind."""
    return [
        endpoint
        for endpoint in of_tenant(connection, tenant)
        if endpoint.enabled and (not endpoint.kinds or kind in endpoint.kinds)
    ]


def change(
    connection: Connection,
    endpoint: Endpoint,
    *,
    signing: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
) -> Endpoint:
    """Give an endpoint other secrets, or let it choose its kinds of messages."""
    values = {"secrets": signing, "kinds": kinds}
    given = {name: list(value) for name, value in values.items() if value is not None}
    changed = update(endpoints).where(endpoints.c.id == endpoint.id).values(**given).returning(*endpoints.c)
    return Endpoint(**connection.execute(changed).mappings().one())


def enable(connection: Connection, endpoint: Endpoint) -> Endpoint:
    """Send there again."""
    changed = update(endpoints).where(endpoints.c.id == endpoint.id).values(enabled=True).returning(*endpoints.c)
    return Endpoint(**connection.execute(changed).mappings().one())


def disable(connection: Connection, endpoint_id: str) -> None:
    """Send nothing more there, what waits included."""
    connection.execute(update(endpoints).where(endpoints.c.id == endpoint_id).values(enabled=False))
    waiting = (deliveries.c.endpoint_id == endpoint_id, deliveries.c.state == DeliveryState.WAITING)
    connection.execute(update(deliveries).where(*waiting).values(state=DeliveryState.DEAD))
