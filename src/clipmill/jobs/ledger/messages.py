"""Messages to the outside, written in the transaction of what they tell, with a delivery for every address."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from clipmill.jobs.ledger.endpoints import Endpoint, listening
from clipmill.jobs.ledger.kinds import DeliveryState
from clipmill.jobs.ledger.moments import iso
from clipmill.jobs.ledger.record import JobRecord
from clipmill.jobs.ledger.tables import deliveries, outbox

PING = "ping"


def tell_end(connection: Connection, now: datetime, job: JobRecord) -> None:
    """The one message of a job: that it has ended, and how."""
    kind = f"job.{job.state.value}"
    data = {"id": job.id, "function": job.function, "state": job.state.value}
    message_id = _write(connection, now, tenant=job.tenant, job_id=job.id, kind=kind, data=data)
    targets: dict[str, str | None] = {} if job.webhook is None else {job.webhook: None}
    targets |= {endpoint.address: endpoint.id for endpoint in listening(connection, job.tenant, kind)}
    _address(connection, now, job.tenant, message_id, targets.items())


def ping(connection: Connection, now: datetime, endpoint: Endpoint) -> str:
    """A message to try an endpoint with; its id is returned."""
    data = {"endpoint": endpoint.id}
    message_id = _write(connection, now, tenant=endpoint.tenant, job_id=None, kind=PING, data=data)
    _address(connection, now, endpoint.tenant, message_id, [(endpoint.address, endpoint.id)])
    return message_id


def _write(connection: Connection, now: datetime, *, data: dict[str, Any], **values: Any) -> str:
    message_id = f"msg_{secrets.token_hex(16)}"
    payload = {"type": values["kind"], "timestamp": iso(now), "data": data}
    connection.execute(insert(outbox).values(id=message_id, payload=payload, created_at=now, **values))
    return message_id


def _address(
    connection: Connection, now: datetime, tenant: str, message_id: str, targets: Iterable[tuple[str, str | None]]
) -> None:
    begun = {"message_id": message_id, "tenant": tenant, "state": DeliveryState.WAITING, "tries": 0, "next_at": now}
    for address, endpoint_id in targets:
        where = {"id": f"del_{secrets.token_hex(16)}", "address": address, "endpoint_id": endpoint_id}
        connection.execute(insert(deliveries).values(**begun, **where))
