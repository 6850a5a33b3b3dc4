"""The video of a caption function: opened once, measured, and refused by the names that captions have for faults."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction

from clipmill.engines.caption_duration import caption_duration
from clipmill.errors import (
    BadMedia,
    DecodeFailedError,
    LimitExceededError,
    NotFoundError,
    SourceMissingError,
    UnsupportedMediaError,
)
from clipmill.function.caption_shapes import HardwareDecoding, VideoRequest
from clipmill.function.context import Context, Media, Versioned
from clipmill.function.results import Warn
from clipmill.functions.planning import Source, open_source
from clipmill.media.captions.estimate import MOST_FRAMES_PER_VIDEO
from clipmill.media.captions.keys import readable_key
from clipmill.media.info import VideoInfo


@dataclass(frozen=True, slots=True)
class CaptionSource:
    """A video, how long its picture lasts, and what is to be said about it."""

    source: Source
    duration: Fraction
    warnings: tuple[Warn, ...]

    @property
    def media(self) -> Media:
        return self.source.media

    @property
    def etag(self) -> str:
        """Which version of the object was opened; empty for a plain file."""
        return self.media.etag if isinstance(self.media, Versioned) else ""

    @property
    def video(self) -> VideoInfo:
        return self.source.video


def open_caption_source(context: Context, request: VideoRequest, hwaccel: HardwareDecoding) -> CaptionSource:
    """Open and probe the video of a request; one that the tenant may not read is refused before a byte of it is."""
    if hwaccel is HardwareDecoding.CUDA:
        raise DecodeFailedError("hwaccel cuda: no graphics card decodes here. Send hwaccel auto or none.")
    key = readable_key(request.video_key, request.tenant_id, context.shared_prefixes())
    with caption_faults(request.video_key):
        source = open_source(context, key)
        settled = caption_duration(source.media, source.video)
    warnings: list[Warn] = []
    if hwaccel is HardwareDecoding.AUTO:
        warnings.append(Warn(code="software_decode", message="the video was decoded without a graphics card"))
    if settled.mismatch:
        message = f"the header is wrong about how long the picture lasts: it lasts {float(settled.duration):.3f} s"
        warnings.append(Warn(code="duration_mismatch", message=message))
    return CaptionSource(source, settled.duration, tuple(warnings))


def decoding_threads(context: Context) -> int:
    """The cores that decode: one is kept busy by what is decoded, and to share pictures out takes a third more time."""
    return max(1, context.threads - 1)


@contextmanager
def caption_faults(key: str) -> Generator[None]:
    """What is wrong with a video, told under the codes of captions."""
    try:
        yield
    except SourceMissingError as fault:
        raise NotFoundError(fault.message) from fault
    except BadMedia as fault:
        if isinstance(fault, DecodeFailedError | UnsupportedMediaError):
            raise
        raise UnsupportedMediaError(f"{key}: {fault.message}", details=fault.details) from fault


def check_frame_count(frames: int) -> int:
    """Refuse more frames than a run may take."""
    if frames > MOST_FRAMES_PER_VIDEO:
        raise LimitExceededError(
            f"the video has {frames} frames at this rate; at most {MOST_FRAMES_PER_VIDEO} are taken. Lower frame_rate, or split the video."
        )
    return frames
