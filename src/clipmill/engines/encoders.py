"""The one table of encoder settings, and video encoders opened from it.

Convention: frames are 8-bit 4:2:0, BT.709 limited range; pts count ticks, which are frames unless a format says
otherwise. Every stretch of an output is encoded by an encoder of its own with stitchable headers, so that stretches
of the same profile, size and rate share one parameter set and join by copying packets.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import Any, Self, TypeAlias, cast

import av
import av.error
from av.video.codeccontext import VideoCodecContext

from clipmill.errors import EncoderFailedError, EncoderUnavailableError
from clipmill.media.choices import EncoderChoice, Quality
from clipmill.media.geometry import Size
from clipmill.media.parts import group_length

AnyPacket: TypeAlias = "av.Packet[Any]"

BT709, LIMITED = 1, 1
GLOBAL_HEADER = 1 << 22


class Codec(StrEnum):
    X264 = "libx264"
    NVENC = "h264_nvenc"
    MAGICYUV = "magicyuv"
    """Lossless, every picture by itself; half the work of lossless H.264 in both directions."""


LOSSLESS = {"preset": "ultrafast", "qp": "0", "x264-params": "annexb=0"}
"""The intermediate profile: H.264 that will be drawn on once more."""

PROFILES: dict[Quality, dict[Codec, dict[str, str]]] = {
    Quality.DRAFT: {
        Codec.X264: {"preset": "ultrafast", "crf": "26"},
        Codec.NVENC: {"preset": "p1", "rc": "vbr", "cq": "26"},
    },
    Quality.STANDARD: {
        Codec.X264: {"preset": "fast", "crf": "23"},
        Codec.NVENC: {"preset": "p4", "rc": "vbr", "cq": "23"},
    },
    Quality.HIGH: {
        Codec.X264: {"preset": "slow", "crf": "18"},
        Codec.NVENC: {"preset": "p6", "rc": "vbr", "cq": "18"},
    },
}


BRIEF: dict[Quality, dict[str, str]] = {
    Quality.DRAFT: {"preset": "ultrafast", "crf": "26"},
    Quality.STANDARD: {"preset": "superfast", "crf": "21"},
    Quality.HIGH: {"preset": "superfast", "crf": "15"},
}
"""For the few frames between many copied ones: no worse to look at, a third of the work, up to twice the bytes."""

BY_REORDERING = {0: ":bframes=0", 1: ":b-pyramid=none"}
"""What keeps x264 from running further ahead than the packets it will stand beside; by itself it runs two ahead."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What new packets must be like to stand beside those of another encoder in one track."""

    number: int
    """A number for the parameter sets that the other encoder does not use."""
    profile: str
    reordering: int
    """Frames by which the other's decoding runs ahead of showing."""
    sample_aspect: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """What an output's pictures are: everything that must agree for packets to stand side by side."""

    size: Size
    fps: Fraction
    quality: Quality | None = Quality.STANDARD
    """None is lossless."""
    codec: Codec = Codec.X264
    threads: int = 0
    clock: Fraction | None = None
    """Seconds of a tick, for pictures that keep a source's own times; None is a frame."""
    beside: Beside | None = None
    brief: bool = False
    """Whether these are few frames between many copied ones, on which bytes are spent in place of time."""

    @property
    def tick(self) -> Fraction:
        return self.clock or 1 / self.fps

    @property
    def reordering(self) -> int:
        """Frames by which decoding runs ahead of showing, at most."""
        if self.beside:
            return self.beside.reordering
        return 0 if self.quality in (None, Quality.DRAFT) else 2

    def without_loss(self, codec: Codec) -> Self:
        """The same pictures, lossless."""
        return replace(self, quality=None, codec=codec)

    @property
    def options(self) -> dict[str, str]:
        """The options of libavcodec for this format."""
        if self.quality is None:
            return LOSSLESS if self.codec is Codec.X264 else {}
        chosen = BRIEF[self.quality] if self.brief else PROFILES[self.quality][self.codec]
        if self.codec is Codec.X264:
            return chosen | self._x264
        return chosen | {"forced-idr": "1", "strict_gop": "1"}

    @property
    def _x264(self) -> dict[str, str]:
        together = "stitchable=1:annexb=0:open-gop=0"
        if self.beside is None:
            return {"x264-params": together}
        numbered = f"{together}:sps-id={self.beside.number}"
        return {
            "x264-params": numbered + BY_REORDERING.get(self.beside.reordering, ""),
            "profile": self.beside.profile,
        }

    def configure(self, context: VideoCodecContext) -> None:
        """Set a codec context up for this format."""
        context.width, context.height = self.size.width, self.size.height
        context.pix_fmt = "yuv420p"
        context.time_base = self.tick
        if self.beside:
            context.sample_aspect_ratio = self.beside.sample_aspect
        context.framerate = self.fps
        context.gop_size = group_length(self.fps)
        context.thread_count = self.threads
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.color_range = LIMITED
        context.options = self.options
        context.flags |= GLOBAL_HEADER


class VideoEncoder:
    """Turns the frames of one stretch into packets."""

    def __init__(self, wanted: VideoFormat, opened: VideoCodecContext | None = None) -> None:
        """``opened`` is a context that was set up for the same format, the one of an output track."""
        self._format = wanted
        self._context = opened or self._opened()

    def _opened(self) -> VideoCodecContext:
        context = av.CodecContext.create(self._format.codec.value, "w")
        assert isinstance(context, VideoCodecContext)
        self._format.configure(context)
        try:
            context.open()
        except av.error.FFmpegError as fault:
            raise self._failure(fault) from fault
        return context

    @property
    def headers(self) -> bytes:
        """The parameter sets (avcC); equal ones may share a track."""
        return bytes(self._context.extradata or b"")

    def encode(self, frame: av.VideoFrame) -> list[AnyPacket]:
        """Packets that are ready once ``frame`` went in; its pts is its place in the output."""
        frame.time_base = self._format.tick
        frame.pict_type = 0
        return self._guarded(frame)

    def finish(self) -> list[AnyPacket]:
        """The packets that were still held back."""
        return self._guarded(None)

    def _guarded(self, frame: av.VideoFrame | None) -> list[AnyPacket]:
        try:
            return cast("list[AnyPacket]", self._context.encode(frame))
        except av.error.FFmpegError as fault:
            raise self._failure(fault) from fault

    def _failure(self, fault: av.error.FFmpegError) -> EncoderFailedError:
        return EncoderFailedError(f"{self._format.codec.value} failed: {fault}")


def parameter_sets(wanted: VideoFormat) -> bytes:
    """The parameter sets that every encoder of this format writes."""
    return VideoEncoder(wanted).headers


def available_codec(choice: EncoderChoice) -> Codec:
    """The encoder that a choice means on this machine; NVENC only after it really encoded a frame."""
    if choice is EncoderChoice.X264:
        return Codec.X264
    if _nvenc_works():
        return Codec.NVENC
    if choice is EncoderChoice.NVENC:
        raise EncoderUnavailableError(
            "encoder nvenc: this machine could not encode a trial frame with it; "
            'use "auto" or "x264", or run on a machine with an NVIDIA card that has NVENC',
        )
    return Codec.X264


@cache
def _nvenc_works() -> bool:
    trial = VideoFormat(Size(256, 256), Fraction(30), Quality.DRAFT, Codec.NVENC)
    try:
        encoder = VideoEncoder(trial)
        frame = av.VideoFrame(256, 256, "yuv420p")
        frame.pts = 0
        return bool(encoder.encode(frame) + encoder.finish())
    except (EncoderFailedError, av.error.FFmpegError, ValueError):
        return False
