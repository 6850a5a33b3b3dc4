"""Sound tracks of files that are being written.

Convention: a track is written from its start, sample after sample; the muxer owns the container and takes the packets.
"""

from fractions import Fraction
from typing import TypeAlias

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from clipmill.engines.samples import Samples
from clipmill.errors import EncoderFailedError
from clipmill.media.sound import SAMPLE_RATE

__all__ = ["Samples", "SoundTrack", "aac_track", "flac_track", "pcm_track"]

AAC_BITS_PER_SECOND = 192_000

SoundPacket: TypeAlias = "av.Packet[AudioStream]"


class SoundTrack:
    """Turns samples into the packets of one stream, whatever the size of the blocks they come in."""

    def __init__(self, stream: AudioStream) -> None:
        self._stream = stream
        self._written = 0

    def write(self, samples: Samples) -> list[SoundPacket]:
        """Packets that are ready once these samples went in."""
        layout = self._stream.codec_context.layout.name
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples, np.float32), "fltp", layout)
        frame.sample_rate = SAMPLE_RATE
        frame.time_base = Fraction(1, SAMPLE_RATE)
        frame.pts = self._written
        self._written += samples.shape[1]
        return self._encoded(frame)

    def finish(self) -> list[SoundPacket]:
        """The packets that were still held back."""
        return self._encoded(None)

    def _encoded(self, frame: AudioFrame | None) -> list[SoundPacket]:
        try:
            return self._stream.encode(frame)
        except av.error.FFmpegError as fault:
            raise EncoderFailedError(f"{self._stream.codec_context.name} failed: {fault}") from fault


def aac_track(stream: AudioStream) -> SoundTrack:
    """The sound of a deliverable: AAC-LC. Set up before the file's header is written."""
    stream.codec_context.bit_rate = AAC_BITS_PER_SECOND
    return SoundTrack(stream)


def flac_track(stream: AudioStream) -> SoundTrack:
    """The sound of an intermediate, lossless. Set up before the file's header is written.

    24 bits, because what is stored here is mixed and encoded once more: 16 would put noise at -98 dB under every clip.
    """
    stream.codec_context.format = "s32"
    return SoundTrack(stream)


def pcm_track(stream: AudioStream) -> SoundTrack:
    """The sound of an intermediate as plain float samples, where speed counts more than size."""
    stream.codec_context.format = "flt"
    return SoundTrack(stream)
