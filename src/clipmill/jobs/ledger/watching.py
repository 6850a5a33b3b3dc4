"""What happens to many jobs at once, whoever they belong to: who may see a job was asked before."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Engine, Select, Text, and_, column, func, select, values

from clipmill.jobs.ledger.database import reading
from clipmill.jobs.ledger.events import LedgerEvent
from clipmill.jobs.ledger.listing import Counts
from clipmill.jobs.ledger.states import State
from clipmill.jobs.ledger.tables import events, jobs

MOST_AT_ONCE = 1000
"""Jobs in one question; SQLite takes some 32,000 values in a statement, and each job is two."""


class Watching:
    """Looks at all jobs of a deployment, for the parts of it that serve every tenant."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def behind(self, seen: Mapping[str, int], limit: int) -> list[LedgerEvent]:
        """The events of these jobs behind the number that was seen of each, in one query; each job's in order."""
        if not seen:
            return []
        with reading(self._engine) as connection:
            return [LedgerEvent(**row) for row in connection.execute(_behind(seen, limit)).mappings()]

    def counts(self) -> Counts:
        """How many jobs are in each state."""
        query = select(jobs.c.state, func.count().label("jobs")).group_by(jobs.c.state)
        with reading(self._engine) as connection:
            return dict.fromkeys(State, 0) | {row.state: row.jobs for row in connection.execute(query)}


def _behind(seen: Mapping[str, int], limit: int) -> Select[Any]:
    watched = values(column("job_id", Text), column("seen", BigInteger)).data(list(seen.items())).cte("watched")
    return (
        select(events)
        .join(watched, and_(watched.c.job_id == events.c.job_id, events.c.seq > watched.c.seen))
        .order_by(events.c.seq, events.c.job_id)
        .limit(limit)
    )
