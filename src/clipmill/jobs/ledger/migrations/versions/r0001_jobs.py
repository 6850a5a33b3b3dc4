"""Jobs, their attempts and events, and the keys under which they were sent."""  # noqa: INP001 - run by path

import sqlalchemy as sa
from alembic import op

revision = "r0001_jobs"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("function", sa.Text(), nullable=False),
        sa.Column("function_version", sa.Text(), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("gpu", sa.Text(), nullable=False),
        sa.Column("webhook", sa.Text()),
        sa.Column("retry_of", sa.Text()),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("run_after", sa.BigInteger(), nullable=False),
        sa.Column("runner", sa.Text()),
        sa.Column("handle", sa.Text()),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_token", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("cancel_requested_at", sa.BigInteger()),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("finished_at", sa.BigInteger()),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("percent_tenths", sa.Integer(), nullable=False),
        sa.Column("frames_done", sa.BigInteger()),
        sa.Column("frames_total", sa.BigInteger()),
        sa.Column("eta_s", sa.Float()),
        sa.Column("heard_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.JSON()),
        sa.Column("failure", sa.JSON()),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("gpu_ms", sa.BigInteger(), nullable=False),
        sa.Column("cost_microusd", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(failure IS NOT NULL) = (state IN ('failed', 'cancelled', 'expired'))", name=op.f("ck_jobs_failure")
        ),
        sa.CheckConstraint(
            "(finished_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'cancelled', 'expired'))",
            name=op.f("ck_jobs_finished_at"),
        ),
        sa.CheckConstraint(
            "(percent_tenths = 1000) = (state = 'succeeded')", name=op.f("ck_jobs_full_means_succeeded")
        ),
        sa.CheckConstraint("(result IS NOT NULL) = (state = 'succeeded')", name=op.f("ck_jobs_result")),
        sa.CheckConstraint("gpu IN ('none', 'small', 'medium', 'large')", name=op.f("ck_jobs_gpu")),
        sa.CheckConstraint(
            "lease_owner IS NULL OR state IN ('running', 'publishing')", name=op.f("ck_jobs_lease_is_of_work")
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'publishing', 'succeeded', 'failed', 'cancelled', 'expired')",
            name=op.f("ck_jobs_state"),
        ),
        sa.CheckConstraint("tier IN ('free', 'premium', 'enterprise')", name=op.f("ck_jobs_tier")),
        sa.CheckConstraint("(lease_owner IS NULL) = (lease_until IS NULL)", name=op.f("ck_jobs_lease")),
        sa.CheckConstraint("attempt BETWEEN 0 AND max_attempts", name=op.f("ck_jobs_attempt")),
        sa.CheckConstraint("max_attempts BETWEEN 1 AND 3", name=op.f("ck_jobs_max_attempts")),
        sa.CheckConstraint("percent_tenths BETWEEN 0 AND 1000", name=op.f("ck_jobs_percent_tenths")),
        sa.ForeignKeyConstraint(["retry_of"], ["jobs.id"], name=op.f("fk_jobs_retry_of")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("retry_of", name=op.f("uq_jobs_retry_of")),
    )
    op.create_index(op.f("ix_jobs_state_run_after"), "jobs", ["state", "run_after"], unique=False)
    op.create_index(op.f("ix_jobs_tenant_created_at_id"), "jobs", ["tenant", "created_at", "id"], unique=False)

    op.create_table(
        "attempts",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("runner", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text()),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger()),
        sa.Column("failure", sa.JSON()),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_attempts_job_id")),
        sa.PrimaryKeyConstraint("job_id", "number", name=op.f("pk_attempts")),
    )

    op.create_table(
        "events",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.CheckConstraint("kind IN ('state', 'progress', 'log', 'done')", name=op.f("ck_events_kind")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_events_job_id")),
        sa.PrimaryKeyConstraint("job_id", "seq", name=op.f("pk_events")),
    )

    op.create_table(
        "idempotency_keys",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_expires_at"), "idempotency_keys", ["expires_at"], unique=False)
