"""Endpoints that were disabled, by their tenant or by an answer of theirs, and are to get messages again."""

from sqlalchemy import Engine, update

from clipmill.jobs.ledger.database import writing
from clipmill.jobs.ledger.endpoints import Endpoint, find
from clipmill.jobs.ledger.tables import endpoints


class Enabling:
    """Messages that were given up meanwhile stay so; they can be replayed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def enable(self, tenant: str, endpoint_id: str) -> Endpoint:
        """Send what is told from now on."""
        with writing(self._engine) as connection:
            whose = (endpoints.c.id == endpoint_id, endpoints.c.tenant == tenant)
            connection.execute(update(endpoints).where(*whose).values(enabled=True))
            return find(connection, tenant, endpoint_id)
