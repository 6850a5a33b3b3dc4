"""Objects of a captioned video that may be there or not."""

import shutil
from pathlib import Path

from clipmill.engines.caption_databases.layout import LayoutContent, read_layout
from clipmill.errors import SourceMissingError
from clipmill.function.context import Context
from clipmill.media.captions.keys import VideoKeys, without_tenant


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


def layout_of(context: Context, video: VideoKeys) -> LayoutContent:
    """The layout of a video as it is now, or an empty one."""
    stored = copied_if_there(context, video.layout, video.tenant_id)
    return read_layout(stored) if stored else LayoutContent()
