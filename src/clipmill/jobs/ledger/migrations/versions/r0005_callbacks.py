"""What the callback address of a single job is still to be told."""  # noqa: INP001 - run by path

import sqlalchemy as sa
from alembic import op

revision = "r0005_callbacks"
down_revision = "r0004_accounts"


def upgrade() -> None:
    op.create_table(
        "callbacks",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON()),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("step IN ('progress', 'complete', 'error')", name=op.f("ck_callbacks_step")),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'dead')", name=op.f("ck_callbacks_state")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_callbacks_job_id")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_callbacks")),
    )
    op.create_index(op.f("ix_callbacks_state_next_at"), "callbacks", ["state", "next_at"], unique=False)
