"""A tenant's webhook endpoints, and what became of the messages to them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select, update

from clipmill.errors import NotFoundError
from clipmill.jobs.ledger import endpoints, messages
from clipmill.jobs.ledger.database import reading, writing
from clipmill.jobs.ledger.endpoints import Endpoint
from clipmill.jobs.ledger.kinds import DeliveryState
from clipmill.jobs.ledger.moments import Clock
from clipmill.jobs.ledger.tables import deliveries, outbox

_MOST_TOLD = 100


@dataclass(frozen=True)
class Tried:
    """How far a message came on its way to an address; ``job_id`` is None for a ping."""

    id: str
    message_id: str
    kind: str
    job_id: str | None
    endpoint_id: str | None
    address: str
    state: DeliveryState
    tries: int
    next_at: datetime
    last_status: int | None
    last_error: str | None


class Webhooks:
    """Every method takes the tenant that asks; what belongs to another one is not there."""

    def __init__(self, engine: Engine, clock: Clock, announce: Callable[[], None]) -> None:
        self._engine = engine
        self._clock = clock
        self._announce = announce

    def add(self, tenant: str, address: str, secrets: Sequence[str]) -> Endpoint:
        with writing(self._engine) as connection:
            return endpoints.add(connection, self._clock(), tenant, address, secrets)

    def all(self, tenant: str) -> list[Endpoint]:
        with reading(self._engine) as connection:
            return endpoints.of_tenant(connection, tenant)

    def change(
        self, tenant: str, endpoint_id: str, secrets: Sequence[str] | None = None, kinds: Sequence[str] | None = None
    ) -> Endpoint:
        """Other secrets, the newest first, or only some kinds of messages; what is None stays."""
        with writing(self._engine) as connection:
            endpoint = endpoints.find(connection, tenant, endpoint_id)
            return endpoints.change(connection, endpoint, signing=secrets, kinds=kinds)

    def enable(self, tenant: str, endpoint_id: str) -> Endpoint:
        """Send again what is told from now on; messages that were given up meanwhile can be replayed."""
        with writing(self._engine) as connection:
            return endpoints.enable(connection, endpoints.find(connection, tenant, endpoint_id))

    def disable(self, tenant: str, endpoint_id: str) -> None:
        with writing(self._engine) as connection:
            endpoints.disable(connection, endpoints.find(connection, tenant, endpoint_id).id)

    def ping(self, tenant: str, endpoint_id: str) -> str:
        """Send a message to try the endpoint with; its id is returned."""
        with writing(self._engine) as connection:
            message_id = messages.ping(connection, self._clock(), endpoints.find(connection, tenant, endpoint_id))
        self._announce()
        return message_id

    def deliveries(self, tenant: str, limit: int = _MOST_TOLD) -> list[Tried]:
        """The newest messages first."""
        query = (
            select(deliveries, outbox.c.kind, outbox.c.job_id)
            .join(outbox, outbox.c.id == deliveries.c.message_id)
            .where(deliveries.c.tenant == tenant)
            .order_by(outbox.c.created_at.desc(), deliveries.c.id)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            told = connection.execute(query).mappings()
            return [Tried(**{name: row[name] for name in Tried.__dataclass_fields__}) for row in told]

    def replay(self, tenant: str, delivery_id: str) -> None:
        """Send a message again that arrived or was given up."""
        anew = {"state": DeliveryState.WAITING, "tries": 0, "next_at": self._clock()}
        whose = (deliveries.c.id == delivery_id, deliveries.c.tenant == tenant)
        with writing(self._engine) as connection:
            if not connection.execute(update(deliveries).where(*whose).values(**anew)).rowcount:
                raise NotFoundError(f"there is no delivery {delivery_id!r:.140}. Check the id, and whose key asks.")
        self._announce()
