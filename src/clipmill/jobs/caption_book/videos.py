"""The videos whose captions are read, and what is known of them."""

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from clipmill.errors import ForbiddenError, InvalidParameterError, NotFoundError
from clipmill.jobs.caption_book import tables
from clipmill.jobs.caption_book.inserting import insertion
from clipmill.jobs.caption_book.store_clock import StoreClock, stamp
from clipmill.jobs.ledger.database import reading, writing


@dataclass(frozen=True)
class Video:
    """A video, its size in displayed pixels; None is not known yet."""

    video_id: str
    tenant_id: str
    storage_key: str
    size_bytes: int | None = None
    duration_seconds: float | None = None
    width: int | None = None
    height: int | None = None
    frame_count: int | None = None
    cropped_frame_count: int | None = None
    current_cropped_frames_version: int | None = None
    created_at: str = ""
    deleted_at: str | None = None


_FACTS = {field.name for field in fields(Video)} - {"video_id", "tenant_id", "created_at"}


class Videos:
    """The videos of all tenants; who asks names one, and those of others are forbidden."""

    def __init__(self, engine: Engine, clock: StoreClock) -> None:
        self._engine = engine
        self._clock = clock

    def enter(self, video_id: str, tenant_id: str, storage_key: str) -> Video:
        """The video, new or known."""
        with writing(self._engine) as connection:
            new = {"video_id": video_id, "tenant_id": tenant_id, "storage_key": storage_key}
            fresh = insertion(connection, tables.videos).values(**new, created_at=stamp(connection, self._clock))
            connection.execute(fresh.on_conflict_do_nothing())
            return _of(connection, video_id, tenant_id)

    def get(self, video_id: str, tenant_id: str) -> Video:
        """A tenant's video."""
        with reading(self._engine) as connection:
            return _of(connection, video_id, tenant_id)

    def update_video_metadata(self, video_id: str, **facts: Any) -> None:
        """Write down what was found out about a video, each fact under the name of its column."""
        if unknown := sorted(facts.keys() - _FACTS):
            raise InvalidParameterError(
                f"videos have no {', '.join(unknown)} to be changed. Known: {', '.join(sorted(_FACTS))}."
            )
        with writing(self._engine) as connection:
            changed = update(tables.videos).where(tables.videos.c.video_id == video_id).values(**facts)
            if connection.execute(changed).rowcount != 1:
                raise _absent(video_id)


def _of(connection: Connection, video_id: str, tenant_id: str) -> Video:
    query = select(tables.videos).where(tables.videos.c.video_id == video_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None or row["deleted_at"] is not None:
        raise _absent(video_id)
    video = Video(**row)
    if video.tenant_id != tenant_id:
        raise ForbiddenError(
            f"video_id {video_id!r:.140} is the video of another tenant. Name your own, or call as its owner.",
            details={"field": "video_id"},
        )
    return video


def _absent(video_id: str) -> NotFoundError:
    return NotFoundError(f"there is no video {video_id!r:.140}, or it was deleted. Process the uploaded video first.")
