"""Objects of a captioned video that may be there or not."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from clipmill.engines.caption_databases.database import risen_fence
from clipmill.engines.caption_databases.extents import last_fence
from clipmill.engines.caption_databases.layout import LayoutContent, read_layout
from clipmill.errors import CorruptArtifactError, SchemaMismatchError, SourceMissingError
from clipmill.function.context import Context
from clipmill.function.results import Warn
from clipmill.media.captions.keys import VideoKeys, without_tenant


@dataclass(frozen=True, slots=True)
class StoredCaptions:
    """The captions as they are stored; no path where there are none yet."""

    path: Path | None
    compressed: bool


def copied_if_there(context: Context, key: str, tenant_id: str) -> Path | None:
    """The object under a full key as it is now, copied to scratch space; None where the store says that there is none."""
    target = context.new_file(key.rpartition("/")[2])
    try:
        media = context.open(without_tenant(key, tenant_id))
        if isinstance(media, Path):
            shutil.copyfile(media, target)
        else:
            with media, target.open("wb") as file:
                shutil.copyfileobj(media, file)
    except (SourceMissingError, FileNotFoundError):
        return None
    return target


def stored_captions(context: Context, video: VideoKeys) -> StoredCaptions:
    """The captions of a video, also as an older writer left them."""
    plain = copied_if_there(context, video.captions, video.tenant_id)
    packed = copied_if_there(context, video.captions_compressed, video.tenant_id)
    return StoredCaptions(plain or packed, compressed=packed is not None)


def replace_captions(context: Context, video: VideoKeys, stored: StoredCaptions, path: Path) -> None:
    """Hand over the captions that take the place of the stored ones, in whichever form these are."""
    context.publish(path, without_tenant(video.captions, video.tenant_id))
    if stored.compressed:
        context.retire(without_tenant(video.captions_compressed, video.tenant_id))


def layout_of(context: Context, video: VideoKeys) -> LayoutContent:
    """The layout of a video as it is now, or an empty one."""
    stored = copied_if_there(context, video.layout, video.tenant_id)
    return read_layout(stored) if stored else LayoutContent()


def layout_as_hint(context: Context, video: VideoKeys) -> tuple[LayoutContent, tuple[Warn, ...]]:
    """The layout for one who can do without: of a file that cannot be read, nothing but a warning is left."""
    try:
        return layout_of(context, video), ()
    except (CorruptArtifactError, SchemaMismatchError) as fault:
        message = f"{video.layout} was left out of account. {fault.message}"
        return LayoutContent(), (Warn(code="layout_unreadable", message=message),)


def extents_fence(context: Context, video: VideoKeys, fence: int | None) -> int:
    """The fence for new extents of a video; those of a later lock must stay, those that nobody can read need not."""
    stored = copied_if_there(context, video.newest_extents, video.tenant_id)
    try:
        last = last_fence(stored) if stored else 0
    except CorruptArtifactError:
        last = 0
    return risen_fence(last, fence, video.newest_extents)
