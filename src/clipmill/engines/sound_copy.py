"""Copy the sound of a stretch of a file, packet by packet.

Convention: times are exact seconds on the container's clock. The first packets lie before the stretch, because decoders
lean on their past; an edit list hides them, to the sample.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction

from av.audio.stream import AudioStream
from av.container import InputContainer

from clipmill.engines.sound_source import seek_sound, sound_packets
from clipmill.engines.sound_tracks import SoundPacket
from clipmill.engines.source import Media, open_container
from clipmill.media.info import AudioInfo
from clipmill.media.time import round_half_up

MP4_SOUND = frozenset({"aac", "mp3", "ac3", "eac3", "opus", "flac", "alac"})
"""Codecs that an MP4 can hold."""
PRE_ROLL_S = {"aac": Fraction(1, 20), "mp3": Fraction(1, 4), "opus": Fraction(1, 10)}
"""What decoders need to have heard before they are right: AAC two frames, MP3 its reservoir, Opus 80 ms."""


@dataclass(frozen=True, slots=True)
class SoundCopy:
    """A stretch of a sound track."""

    media: Media
    audio: AudioInfo
    start: Fraction
    end: Fraction

    @property
    def possible(self) -> bool:
        """Whether the packets can stand in an MP4."""
        return self.audio.codec in MP4_SOUND

    @contextmanager
    def opened(self) -> Generator[AudioStream]:
        """The open track: a template to copy it by, and where its packets come from."""
        with open_container(self.media) as container:
            stream = container.streams[self.audio.index]
            assert isinstance(stream, AudioStream)
            yield stream

    def packets(self, stream: AudioStream) -> Iterator[tuple[Fraction, SoundPacket]]:
        """The packets, on a clock that begins at the start of the stretch, and how far the sound reaches with each."""
        container, tick = stream.container, stream.time_base
        assert isinstance(container, InputContainer)
        assert tick is not None
        first = self.start - PRE_ROLL_S.get(self.audio.codec, Fraction(0))
        if first > self.audio.start:
            seek_sound(container, stream, first)
        origin = round_half_up(self.start / tick)
        for packet in sound_packets(container, stream):
            if packet.pts is None or not packet.size:
                continue
            begins, lasts = packet.pts * tick, (packet.duration or 0) * tick
            if begins >= self.end:
                return
            if begins + lasts <= first and lasts:
                continue
            if begins + lasts > self.end:
                packet.duration = max(1, round_half_up((self.end - begins) / tick))
            packet.pts -= origin
            packet.dts = packet.pts
            yield min(begins + lasts, self.end) - self.start, packet
