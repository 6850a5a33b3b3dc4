"""Every table of the ledger. What may change, and how, is held by the database too: see the migrations' triggers.

Convention: names end in their unit; ``percent_tenths`` counts tenths of a percent, ``cost_microusd`` millionths of a
dollar.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from clipmill.function.needs import Gpu
from clipmill.function.stages import Stage
from clipmill.jobs.callback_steps import Step
from clipmill.jobs.ledger.columns import PLAIN, Word, one_of, quoted
from clipmill.jobs.ledger.kinds import DeliveryState, EventKind
from clipmill.jobs.ledger.moments import Moment
from clipmill.jobs.ledger.states import State
from clipmill.jobs.ledger.tiers import Tier

_TERMINAL = quoted(*(state for state in State if state.terminal))
_STOPPED = quoted(State.FAILED, State.CANCELLED, State.EXPIRED)
_WORKING = quoted(State.RUNNING, State.PUBLISHING)
NOT_LAST = text(f"kind <> {quoted(EventKind.DONE)}")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

jobs = Table(
    "jobs",
    metadata,
    # What was asked for; it never changes.
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("function", Text, nullable=False),
    Column("function_version", Text, nullable=False),
    Column("request", PLAIN, nullable=False),
    Column("labels", PLAIN, nullable=False),
    Column("tier", Word(Tier), nullable=False),
    Column("gpu", Word(Gpu), nullable=False),
    Column("webhook", Text),
    Column("retry_of", Text, ForeignKey("jobs.id"), unique=True),
    Column("max_attempts", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    # Where it stands, and who works on it.
    Column("state", Word(State), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("run_after", Moment, nullable=False),
    Column("runner", Text),
    Column("handle", Text),
    Column("lease_owner", Text),
    Column("lease_token", BigInteger, nullable=False),
    Column("lease_until", Moment),
    Column("cancel_requested_at", Moment),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    # What was told of it.
    Column("stage", Word(Stage), nullable=False),
    Column("percent_tenths", Integer, nullable=False),
    Column("frames_done", BigInteger),
    Column("frames_total", BigInteger),
    Column("eta_s", Float),
    Column("heard_seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    # What became of it.
    Column("result", PLAIN),
    Column("failure", PLAIN),
    Column("warnings", PLAIN, nullable=False),
    Column("gpu_ms", BigInteger, nullable=False),
    Column("cost_microusd", BigInteger, nullable=False),
    one_of("state", State),
    one_of("tier", Tier),
    one_of("gpu", Gpu),
    CheckConstraint("max_attempts BETWEEN 1 AND 3", name="max_attempts"),
    CheckConstraint("attempt BETWEEN 0 AND max_attempts", name="attempt"),
    CheckConstraint("percent_tenths BETWEEN 0 AND 1000", name="percent_tenths"),
    CheckConstraint("(percent_tenths = 1000) = (state = 'succeeded')", name="full_means_succeeded"),
    CheckConstraint("(result IS NOT NULL) = (state = 'succeeded')", name="result"),
    CheckConstraint(f"(failure IS NOT NULL) = (state IN ({_STOPPED}))", name="failure"),
    CheckConstraint(f"(finished_at IS NOT NULL) = (state IN ({_TERMINAL}))", name="finished_at"),
    CheckConstraint("(lease_owner IS NULL) = (lease_until IS NULL)", name="lease"),
    CheckConstraint(f"lease_owner IS NULL OR state IN ({_WORKING})", name="lease_is_of_work"),
    Index(None, "tenant", "created_at", "id"),
    Index(None, "tenant", "state", "created_at", "id"),
    Index(None, "tenant", "function", "created_at", "id"),
    Index(None, "state", "run_after"),
    Index(None, "finished_at"),
)

labels = Table(
    "labels",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id"), nullable=False),
    Column("tenant", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("job_id", "name"),
    Index(None, "tenant", "name", "value"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("runner", Text, nullable=False),
    Column("handle", Text),
    Column("owner", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("failure", PLAIN),
    PrimaryKeyConstraint("job_id", "number"),
)

events = Table(
    "events",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", Word(EventKind), nullable=False),
    Column("data", PLAIN, nullable=False),
    PrimaryKeyConstraint("job_id", "seq"),
    one_of("kind", EventKind),
    # The last event stays as long as its job: whoever looks for old events must not find it each time.
    Index(None, "at", postgresql_where=NOT_LAST, sqlite_where=NOT_LAST),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("job_id", Text, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    PrimaryKeyConstraint("tenant", "key"),
)

usage = Table(
    "usage",
    metadata,
    # It outlives the job.
    Column("job_id", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("gpu_ms", BigInteger, nullable=False),
    Column("output_ms", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("cost_microusd", BigInteger, nullable=False),
    PrimaryKeyConstraint("job_id", "attempt"),
    Index(None, "tenant", "at"),
)

endpoints = Table(
    "endpoints",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False, index=True),
    Column("address", Text, nullable=False),
    Column("secrets", PLAIN, nullable=False),
    Column("kinds", PLAIN, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("job_id", Text, ForeignKey("jobs.id"), unique=True),
    Column("kind", Text, nullable=False),
    Column("payload", PLAIN, nullable=False),
    Column("created_at", Moment, nullable=False, index=True),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("message_id", Text, ForeignKey("outbox.id"), nullable=False),
    Column("tenant", Text, nullable=False),
    Column("endpoint_id", Text, ForeignKey("endpoints.id")),
    Column("address", Text, nullable=False),
    Column("state", Word(DeliveryState), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", Moment, nullable=False),
    Column("last_status", Integer),
    Column("last_error", Text),
    one_of("state", DeliveryState),
    UniqueConstraint("message_id", "address"),
    Index(None, "state", "next_at"),
)

callbacks = Table(
    "callbacks",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id"), primary_key=True),
    Column("address", Text, nullable=False),
    # What is told next, or was told last.
    Column("step", Word(Step), nullable=False),
    Column("body", PLAIN),
    Column("number", BigInteger, nullable=False),
    Column("state", Word(DeliveryState), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", Moment, nullable=False),
    one_of("step", Step),
    one_of("state", DeliveryState),
    Index(None, "state", "next_at"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("scopes", PLAIN, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("revoked_at", Moment),
)
