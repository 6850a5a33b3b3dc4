"""Decode on the card, where it can; its frames stay there."""

from fractions import Fraction
from functools import cache

import av
import av.error
from av.codec.hwaccel import HWAccel
from av.video.codeccontext import VideoCodecContext

from clipmill.engines.encoders import VideoEncoder, VideoFormat
from clipmill.errors import EncoderFailedError
from clipmill.media.choices import Quality
from clipmill.media.geometry import Size

CODECS = frozenset({"h264", "hevc", "vp9"})
"""What cards decode, and libav by itself where a card turns a stream down."""
CARD_FORMAT = "cuda"
TRIAL = VideoFormat(Size(256, 256), Fraction(30), Quality.DRAFT)


def card_decoder(usual: VideoCodecContext) -> VideoCodecContext | None:
    """A decoder on the card for the stream of another one; None where there can be none.

    A picture that the card cannot decode comes from the processor.
    """
    name = usual.codec.canonical_name
    if name not in CODECS or decoding_fault() is not None:
        return None
    context = _decoder(name, usual.extradata)
    context.options = usual.options
    return context


@cache
def decoding_fault() -> str | None:
    """Why the card decodes nothing, found by trying; None where it does."""
    try:
        encoder = VideoEncoder(TRIAL)
        frame = av.VideoFrame(TRIAL.size.width, TRIAL.size.height, "yuv420p")
        frame.pts = 0
        packets = [*encoder.encode(frame), *encoder.finish()]
        decoder = _decoder("h264", encoder.headers)
        frames = [frame for packet in (*packets, None) for frame in decoder.decode(packet)]
    except (EncoderFailedError, av.error.FFmpegError, NotImplementedError, ValueError) as fault:
        return f"a trial frame could not be decoded on the card: {fault}"
    if [frame.format.name for frame in frames] != [CARD_FORMAT]:
        return "a trial frame was decoded by the processor"
    return None


def _decoder(name: str, headers: bytes | None) -> VideoCodecContext:
    accelerated = HWAccel("cuda", allow_software_fallback=True, is_hw_owned=True)
    context = av.CodecContext.create(name, "r", hwaccel=accelerated)
    assert isinstance(context, VideoCodecContext)
    if headers:
        context.extradata = headers
    return context
