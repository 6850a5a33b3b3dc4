"""Videos whose captions are read: their steps, their locks, their versions of cropped frames."""  # noqa: INP001 - run by path

import sqlalchemy as sa
from alembic import op

revision = "r0007_caption_book"
down_revision = "r0006_finding"

_REAL = sa.REAL().with_variant(sa.Double(), "postgresql")
_LARGE = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
_ACTIVE = sa.text("status = 'active'")


def upgrade() -> None:
    op.create_table(
        "videos",
        sa.Column("video_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("storage_key", sa.Text(), nullable=False),
        sa.Column("size_bytes", _LARGE),
        sa.Column("duration_seconds", _REAL),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("frame_count", sa.Integer()),
        sa.Column("cropped_frame_count", sa.Integer()),
        sa.Column("current_cropped_frames_version", sa.Integer()),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("deleted_at", sa.Text()),
        sa.PrimaryKeyConstraint("video_id", name=op.f("pk_videos")),
    )
    _steps()
    _locks()
    _versions()


def _steps() -> None:
    op.create_table(
        "processing_state",
        sa.Column("video_id", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False, server_default=""),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("run_token", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("queued_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False, server_default=sa.text("50")),
        sa.PrimaryKeyConstraint("video_id", "step", "item_id", name=op.f("pk_processing_state")),
        sa.CheckConstraint("step IN ('initial', 'extents', 'caption_ocr')", name=op.f("ck_processing_state_step")),
        sa.CheckConstraint(
            "status IN ('queued', 'processing', 'ready', 'error')", name=op.f("ck_processing_state_status")
        ),
        sa.CheckConstraint("priority BETWEEN 0 AND 100", name=op.f("ck_processing_state_priority")),
        sa.CheckConstraint("(status = 'error') = (error IS NOT NULL)", name=op.f("ck_processing_state_error")),
    )


def _locks() -> None:
    op.create_table(
        "database_locks",
        sa.Column("video_id", sa.Text(), nullable=False),
        sa.Column("database_name", sa.Text(), nullable=False),
        sa.Column("token", sa.Text()),
        sa.Column("holder", sa.Text()),
        sa.Column("fence", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("acquired_at", _REAL),
        sa.Column("expires_at", _REAL, nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("video_id", "database_name", name=op.f("pk_database_locks")),
        sa.CheckConstraint(
            "database_name IN ('layout', 'captions', 'extents')", name=op.f("ck_database_locks_database_name")
        ),
    )


def _versions() -> None:
    op.create_table(
        "cropped_frames_versions",
        sa.Column("video_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("storage_prefix", sa.Text(), nullable=False),
        sa.Column("crop_region", sa.Text(), nullable=False),
        sa.Column("frame_rate", _REAL, nullable=False, server_default=sa.text("10")),
        sa.Column("frame_count", sa.Integer()),
        sa.Column("chunk_count", sa.Integer()),
        sa.Column("total_bytes", _LARGE),
        sa.Column("manifest_sha256", sa.Text()),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("activated_at", sa.Text()),
        sa.PrimaryKeyConstraint("video_id", "version", name=op.f("pk_cropped_frames_versions")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_cropped_frames_versions_version")),
        sa.CheckConstraint(
            "status IN ('processing', 'active', 'archived', 'failed')", name=op.f("ck_cropped_frames_versions_status")
        ),
    )
    op.create_index(
        "one_active_version",
        "cropped_frames_versions",
        ["video_id"],
        unique=True,
        sqlite_where=_ACTIVE,
        postgresql_where=_ACTIVE,
    )
