"""The sound of a file, put on its own clock: whatever the file's rate and gaps, sample k plays at k/48000 seconds.

Convention: positions count samples at 48 kHz from 0 on the container's clock; times are exact seconds on that clock.
"""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from fractions import Fraction

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard

from clipmill.engines.samples import BLOCK, Samples, silence, with_channels
from clipmill.engines.sound_run import Heard, Placed, SoundRun
from clipmill.engines.sound_tracks import SoundPacket
from clipmill.engines.source import Media, open_container, reading
from clipmill.errors import UnsupportedCodecError
from clipmill.media.info import AudioInfo
from clipmill.media.sound import SAMPLE_RATE

PRE_ROLL = Fraction(3, 10)
"""Decoded and dropped in front of what is wanted: codecs lean on their past, MP3 on nine frames, Opus on 80 ms."""
LEAST_PRE_ROLL = Fraction(1, 10)
STEPS_BACK_S = (0, 1, 4, 16)
"""Where seeking lands too late, try further back, then from the start."""
INDEX_OF_PICTURE = "matroska"
"""Files of this demuxer index the picture only: seeking by the sound would read through all of them."""

LOUDEST = 4.0
"""Decoders of sane sound stay below this, 12 dB above full scale; those of damaged or encrypted sound do not."""

MOST_PLANES = 8
"""PyAV reads past the planes of a frame that has more."""


@dataclass
class SoundSource:
    """One sound track of a file; ``lost_packets`` counts those that could not be decoded and became silence."""

    media: Media
    audio: AudioInfo
    lost_packets: int = field(default=0, init=False)

    def samples(self, first: int, channels: int) -> Generator[Samples]:
        """Endless sound from sample ``first`` on: silence where the file has none. Opens the file when first asked."""
        position = first
        with closing(self._placed(Fraction(first, SAMPLE_RATE))) as placed:
            for start, block in placed:
                fresh = block[:, max(0, position - start) :]
                if fresh.shape[1]:
                    yield from silence(start - position, channels)
                    yield with_channels(fresh, channels)
                    position = max(position, start) + fresh.shape[1]
        while True:
            yield np.zeros((channels, BLOCK), np.float32)

    def _placed(self, wanted: Fraction) -> Generator[Placed]:
        """Mono or stereo blocks with their positions, some of them before ``wanted``."""
        if self.audio.duration is not None and wanted >= self.audio.start + self.audio.duration + PRE_ROLL:
            return
        run: SoundRun | None = None
        for heard in self._from(wanted):
            if run is None or not run.continued_by(heard):
                yield from run.finish() if run else ()
                run = SoundRun(heard, self.audio.start)
            yield from run.add(heard)
        yield from run.finish() if run else ()

    def _from(self, wanted: Fraction) -> Generator[Heard]:
        """Frames from somewhat before ``wanted`` on; none where nothing follows the place that seeking finds."""
        for target in self._targets(wanted - PRE_ROLL):
            sound = self._read(target, wanted)
            first = next(sound, None)
            if first is None:
                return
            if target is None or (first.time is not None and first.time <= wanted - LEAST_PRE_ROLL):
                yield first
                yield from sound
                return
            sound.close()

    def _targets(self, t: Fraction) -> Iterator[Fraction | None]:
        """Where to seek to, one try after the other; None is the start of the file."""
        yield from (t - back for back in STEPS_BACK_S if t - back > self.audio.start)
        yield None

    def _read(self, target: Fraction | None, wanted: Fraction) -> Generator[Heard]:
        """Frames from ``target`` on, or from the start where there is none or no way to it."""
        with open_container(self.media) as container, reading(self.media):
            stream = self._opened(container)
            if target is None or seek_sound(container, stream, target):
                yield from self._decoded(container, stream, wanted)
                return
        yield from self._read(None, wanted)

    def _opened(self, container: InputContainer) -> AudioStream:
        stream = container.streams[self.audio.index]
        reason = "there is no decoder for it"
        # The stubs do not know that a stream without a decoder has no context.
        if isinstance(stream, AudioStream) and getattr(stream, "codec_context", None) is not None:
            try:
                stream.codec_context.open(strict=False)
            except (av.error.FFmpegError, ValueError) as fault:
                reason = str(fault)
            else:
                return stream
        raise UnsupportedCodecError(
            f"the sound ({self.audio.codec}, stream {self.audio.index}) cannot be decoded: {reason}. "
            "Convert it to AAC, or leave the audio out.",
        )

    def _decoded(self, container: InputContainer, stream: AudioStream, wanted: Fraction) -> Iterator[Heard]:
        assert stream.time_base is not None
        after_loss = False
        for packet in sound_packets(container, stream):
            frames = _frames(packet)
            if frames is None:
                after_loss = True
                self.lost_packets += packet.pts is None or packet.pts * stream.time_base >= wanted
            for frame in frames or ():
                time = None if frame.pts is None else frame.pts * stream.time_base
                yield Heard(frame, time, after_loss)
                after_loss = False


def _frames(packet: SoundPacket) -> list[AudioFrame] | None:
    """The frames of a packet; None if it cannot be decoded, or to rubbish only."""
    try:
        frames = packet.decode()
    except av.error.FFmpegError:
        return None
    return frames if all(map(_is_sane, frames)) else None


def _is_sane(frame: AudioFrame) -> bool:
    if frame.format.is_planar and frame.layout.nb_channels > MOST_PLANES:
        return True
    sound = frame.to_ndarray()
    return sound.dtype.kind != "f" or bool(np.abs(sound).max(initial=0) < LOUDEST)


def seek_sound(container: InputContainer, stream: AudioStream, target: Fraction) -> bool:
    """Go to the last entry point before a time; False where the file has no way to."""
    try:
        if container.format.name.startswith(INDEX_OF_PICTURE):
            container.seek(int(target * av.time_base), backward=True)
        else:
            assert stream.time_base is not None
            container.seek(int(target / stream.time_base), stream=stream, backward=True)
    except av.error.FFmpegError:
        return False
    return True


def sound_packets(container: InputContainer, stream: AudioStream) -> Iterator[SoundPacket]:
    """The stream's packets, up to the end of the file or to where it is damaged or cut off."""
    for other in container.streams:
        other.discard = other.discard if other.index == stream.index else Discard.all
    supply = container.demux(stream)
    while True:
        try:
            packet = next(supply, None)
        except av.error.FFmpegError:
            return
        if packet is None:
            return
        yield packet
