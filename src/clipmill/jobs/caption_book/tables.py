"""The tables of the caption book, beside those of the ledger in one database.

Convention: moments in text are UTC, ``YYYY-MM-DDTHH:MM:SS.sssZ``; those of leases are seconds since 1970 by the
database's own clock.
"""

from sqlalchemy import (
    REAL,
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from clipmill.jobs.ledger.tables import metadata

__all__ = ["cropped_frames_versions", "database_locks", "metadata", "processing_state", "videos"]

# What SQLite calls REAL and INTEGER holds 64 bits; PostgreSQL's hold 32.
_REAL = REAL().with_variant(Double(), "postgresql")
_LARGE = Integer().with_variant(BigInteger(), "postgresql")

videos = Table(
    "videos",
    metadata,
    Column("video_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("storage_key", Text, nullable=False),
    Column("size_bytes", _LARGE),
    Column("duration_seconds", _REAL),
    Column("width", Integer),
    Column("height", Integer),
    Column("frame_count", Integer),
    Column("cropped_frame_count", Integer),
    Column("current_cropped_frames_version", Integer),
    Column("created_at", Text, nullable=False),
    Column("deleted_at", Text),
)

processing_state = Table(
    "processing_state",
    metadata,
    Column("video_id", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("item_id", Text, nullable=False, server_default=""),
    Column("status", Text, nullable=False),
    Column("error", Text),
    Column("run_token", Text),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("queued_at", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
    Column("priority", Integer, nullable=False, server_default=text("50")),
    PrimaryKeyConstraint("video_id", "step", "item_id"),
    CheckConstraint("step IN ('initial', 'extents', 'caption_ocr')", name="step"),
    CheckConstraint("status IN ('queued', 'processing', 'ready', 'error')", name="status"),
    CheckConstraint("priority BETWEEN 0 AND 100", name="priority"),
    CheckConstraint("(status = 'error') = (error IS NOT NULL)", name="error"),
)

database_locks = Table(
    "database_locks",
    metadata,
    Column("video_id", Text, nullable=False),
    Column("database_name", Text, nullable=False),
    Column("token", Text),
    Column("holder", Text),
    Column("fence", Integer, nullable=False, server_default=text("0")),
    Column("acquired_at", _REAL),
    Column("expires_at", _REAL, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("video_id", "database_name"),
    CheckConstraint("database_name IN ('layout', 'captions', 'extents')", name="database_name"),
)

cropped_frames_versions = Table(
    "cropped_frames_versions",
    metadata,
    Column("video_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("storage_prefix", Text, nullable=False),
    Column("crop_region", Text, nullable=False),
    Column("frame_rate", _REAL, nullable=False, server_default=text("10")),
    Column("frame_count", Integer),
    Column("chunk_count", Integer),
    Column("total_bytes", _LARGE),
    Column("manifest_sha256", Text),
    Column("created_at", Text, nullable=False),
    Column("activated_at", Text),
    PrimaryKeyConstraint("video_id", "version"),
    CheckConstraint("version >= 1", name="version"),
    CheckConstraint("status IN ('processing', 'active', 'archived', 'failed')", name="status"),
    Index(
        "one_active_version",
        "video_id",
        unique=True,
        sqlite_where=text("status = 'active'"),
        postgresql_where=text("status = 'active'"),
    ),
)
