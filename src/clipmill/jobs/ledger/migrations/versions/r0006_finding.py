"""Jobs are found by label, state and function, and what is old is found and forgotten; what was used is kept."""  # noqa: INP001 - run by path

import sqlalchemy as sa
from alembic import op

revision = "r0006_finding"
down_revision = "r0005_callbacks"

_NOT_LAST = sa.text("kind <> 'done'")


def upgrade() -> None:
    op.create_table(
        "labels",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_labels_job_id")),
        sa.PrimaryKeyConstraint("job_id", "name", name=op.f("pk_labels")),
    )
    op.create_index(op.f("ix_labels_tenant_name_value"), "labels", ["tenant", "name", "value"])
    each = "json_each_text" if op.get_bind().dialect.name == "postgresql" else "json_each"
    told = f"SELECT jobs.id, jobs.tenant, label.key, label.value FROM jobs, {each}(jobs.labels) AS label"  # noqa: S608 - one of two names
    op.execute(f"INSERT INTO labels (job_id, tenant, name, value) {told}")
    for column in ("state", "function"):
        op.create_index(op.f(f"ix_jobs_tenant_{column}_created_at_id"), "jobs", ["tenant", column, "created_at", "id"])
    op.create_index(op.f("ix_jobs_finished_at"), "jobs", ["finished_at"])
    op.create_index(op.f("ix_outbox_created_at"), "outbox", ["created_at"])
    op.create_index(op.f("ix_events_at"), "events", ["at"], postgresql_where=_NOT_LAST, sqlite_where=_NOT_LAST)
    with op.batch_alter_table("usage") as usage:
        usage.drop_constraint("fk_usage_job_id", type_="foreignkey")
