"""The versions of a video's cropped frames: reserved before they are made, active one at a time.

The function that crops takes its number by a mark in storage, which callers without this record respect too. The row
is reserved before the call, under the number that the record offers; should storage have given another one, the row
takes that.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, func, select, update

from clipmill.errors import VersionConflictError
from clipmill.jobs.caption_book.inserting import insertion
from clipmill.jobs.caption_book.store_clock import StoreClock, stamp
from clipmill.jobs.caption_book.tables import cropped_frames_versions, videos
from clipmill.jobs.ledger.database import one_at_a_time, reading, writing
from clipmill.media.captions.keys import VideoKeys

MOST_ATTEMPTS = 20

_ROWS = cropped_frames_versions.c


@dataclass(frozen=True)
class MadeVersion:
    """A version whose manifest is stored."""

    version: int
    frame_rate: float
    frame_count: int
    chunk_count: int
    total_bytes: int


class Versions:
    """The versions of all videos."""

    def __init__(self, engine: Engine, clock: StoreClock) -> None:
        self._engine = engine
        self._clock = clock

    def reserve(self, video: VideoKeys, crop_region: Mapping[str, Any]) -> int:
        """Take the next number for a run; another run that has just taken it means the one after."""
        region = json.dumps(dict(crop_region), sort_keys=True, separators=(",", ":"))
        for _ in range(MOST_ATTEMPTS):
            with writing(self._engine) as connection:
                version = _next(connection, video.video_id)
                if self._inserted(connection, video, version, region):
                    return version
        raise VersionConflictError(
            f"{video.client}: no version could be reserved in {MOST_ATTEMPTS} attempts, others took them. Try again."
        )

    def activate(self, video: VideoKeys, reserved: int, made: MadeVersion) -> None:
        """In one transaction: the version is the video's, the one before is archived."""
        with writing(self._engine) as connection:
            one_at_a_time(connection, f"clipmill.captions.versions.{video.video_id}")
            own = _ROWS.video_id == video.video_id
            # A run that failed before it left its mark in storage wrote down a number that it never had.
            connection.execute(
                delete(cropped_frames_versions).where(own, _ROWS.version == made.version, _ROWS.version != reserved)
            )
            connection.execute(_moved("archived").where(own, _ROWS.status == "active"))
            values = vars(made) | {"storage_prefix": video.cropped_frames(made.version).prefix}
            now = stamp(connection, self._clock)
            active = _moved("active").where(own, _ROWS.version == reserved).values(**values, activated_at=now)
            connection.execute(active)
            current = update(videos).where(videos.c.video_id == video.video_id)
            connection.execute(current.values(current_cropped_frames_version=made.version))

    def fail(self, video: VideoKeys, reserved: int) -> None:
        """The run that reserved a number came to nothing; the number is not offered again."""
        failed = and_(_ROWS.video_id == video.video_id, _ROWS.version == reserved, _ROWS.status == "processing")
        with writing(self._engine) as connection:
            connection.execute(_moved("failed").where(failed))

    def statuses(self, video: VideoKeys) -> dict[int, str]:
        """How each version of a video stands."""
        query = select(_ROWS.version, _ROWS.status).where(_ROWS.video_id == video.video_id).order_by(_ROWS.version)
        with reading(self._engine) as connection:
            return {row.version: row.status for row in connection.execute(query)}

    def _inserted(self, connection: Connection, video: VideoKeys, version: int, region: str) -> bool:
        row = insertion(connection, cropped_frames_versions).values(
            video_id=video.video_id,
            version=version,
            status="processing",
            storage_prefix=video.cropped_frames(version).prefix,
            crop_region=region,
            created_at=stamp(connection, self._clock),
        )
        taken = connection.execute(row.on_conflict_do_nothing().returning(_ROWS.version))
        return taken.scalar_one_or_none() is not None


def _next(connection: Connection, video_id: str) -> int:
    highest = select(func.max(_ROWS.version)).where(_ROWS.video_id == video_id)
    return 1 + (connection.execute(highest).scalar() or 0)


def _moved(status: str) -> Any:
    return update(cropped_frames_versions).values(status=status)
