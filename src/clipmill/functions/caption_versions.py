"""The number of a new version of cropped frames, taken so that no two runs ever write under the same one.

A run leaves an empty object below the version it wants and then looks who else has. Alone, it has the number; else it
goes on to the next. Two runs can both step aside, never both win, because each looks after it has written. Marks stay:
a number that was ever taken is never offered again.
"""

import random
import time
import uuid
from collections.abc import Callable

from clipmill.errors import VersionConflictError
from clipmill.function.context import Context
from clipmill.media.captions.keys import CroppedFrames, VideoKeys, next_version, versions_among, without_tenant

MOST_ATTEMPTS = 20
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 0.5


def known_versions(context: Context, video: VideoKeys) -> set[int]:
    """Every number that left a trace; a listing that fails is a fault, never an empty one."""
    found = context.names(without_tenant(video.client.rstrip("/"), video.tenant_id))
    return versions_among(video, (f"{video.tenant_id}/{name}" for name in found))


def reserve_version(
    context: Context, video: VideoKeys, least: int = 1, pause: Callable[[float], None] = time.sleep
) -> CroppedFrames:
    """Take the next number from ``least`` on for this run alone."""
    version = max(least, next_version(known_versions(context, video)))
    for _ in range(MOST_ATTEMPTS):
        place = video.cropped_frames(version)
        if _claimed(context, place):
            return place
        pause(random.uniform(SHORTEST_PAUSE_S, LONGEST_PAUSE_S))  # noqa: S311 - spreads out, keeps nothing secret
        version += 1
    raise VersionConflictError(
        f"{video.client}: no version could be reserved in {MOST_ATTEMPTS} attempts, others took them. Try again."
    )


def _claimed(context: Context, place: CroppedFrames) -> bool:
    tenant = place.video.tenant_id
    own = without_tenant(place.claim(uuid.uuid4().hex), tenant)
    context.mark(own)
    return context.names(without_tenant(place.claims.rstrip("/"), tenant)) == [own]
