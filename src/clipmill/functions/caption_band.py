"""The caption band of a video, gone through once: which pixels of it, how many frames, and what tells where its text changes."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from clipmill.engines.caption_databases.layout import LayoutContent
from clipmill.engines.caption_frames import CaptionFrame, CaptionFrames
from clipmill.engines.overlap import ahead
from clipmill.engines.pair_models import PairContext, PairModel, pair_model
from clipmill.engines.pair_models.choice import FROM_FILE
from clipmill.function.caption_shapes import HardwareDecoding, VideoRequest
from clipmill.function.context import Context
from clipmill.function.results import Warn
from clipmill.function.stages import Stage
from clipmill.functions.caption_layout import stored_boxes, stored_layout
from clipmill.functions.caption_objects import layout_as_hint
from clipmill.functions.caption_source import CaptionSource, caption_faults, check_frame_count, open_caption_source
from clipmill.media.captions.keys import VideoKeys, without_tenant
from clipmill.media.captions.region import CropRegion, PixelRect, pixel_rect
from clipmill.media.captions.sampling import sample_count

FRAMES_AHEAD = 16
"""Frames that are decoded before anyone wants them."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Which part of the picture, and how many frames of it a second."""

    region: CropRegion
    rate: Fraction
    hwaccel: HardwareDecoding = HardwareDecoding.AUTO


@dataclass(frozen=True, slots=True)
class Band:
    """What will be cropped: from which source, which pixels, how many frames, and what is known of the layout."""

    cut: Cut
    source: CaptionSource
    rect: PixelRect
    frames: int
    layout: LayoutContent
    warnings: tuple[Warn, ...]

    def pictures(self, threads: int, frames: range | None = None) -> CaptionFrames:
        """Frames of the band, decoded by so many threads; all of them unless told otherwise."""
        wanted = range(self.frames) if frames is None else frames
        source = self.source
        return CaptionFrames(
            source.media, source.video, self.rect, self.cut.rate, len(wanted), threads, first=wanted.start
        )

    def scene(self) -> PairContext:
        """Where the frames come from, with what the layout of the video tells, if there is one."""
        layout = stored_layout(self.layout.config)
        return PairContext(
            self.cut.region,
            self.source.video.displayed,
            layout and layout.anchor_type,
            layout and layout.anchor_position,
            stored_boxes(self.layout),
        )


def open_band(request: VideoRequest, cut: Cut, context: Context) -> Band:
    """Open the video of a request; a region that is no region of it is refused before anything is decoded."""
    source = open_caption_source(context, request, cut.hwaccel)
    rect = pixel_rect(cut.region, source.video.displayed)
    frames = check_frame_count(sample_count(source.duration, cut.rate))
    layout, doubts = layout_as_hint(context, VideoKeys(request.tenant_id, request.video_id))
    return Band(cut, source, rect, frames, layout, (*source.warnings, *doubts))


def chosen_model(request: VideoRequest, name: str, sha256: str | None, context: Context) -> PairModel:
    """The pair model of a name; one that is an object of the tenant is fetched."""
    file: Path | None = None
    if name.startswith(FROM_FILE):
        key = name.removeprefix(FROM_FILE)
        with caption_faults(key):
            file = context.fetch(without_tenant(key, request.tenant_id))
    return pair_model(name, context.threads, sha256=sha256, file=file)


def reported(frames: CaptionFrames, context: Context) -> Generator[CaptionFrame]:
    """The frames, decoded ahead and counted."""
    context.report(0, frames.count, Stage.PROCESSING)
    with closing(ahead(frames.frames(), FRAMES_AHEAD)) as decoded:
        for frame in decoded:
            yield frame
            context.report(frame.index + 1, frames.count, Stage.PROCESSING)


def concealed_warnings(count: int) -> list[Warn]:
    """What to say where pictures stood in for others."""
    if not count:
        return []
    message = f"{count} frames show the picture before, because their own could not be decoded"
    return [Warn(code="concealed_frames", message=message)]
