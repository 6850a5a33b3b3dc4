"""The sound of a clip: its pieces at their speeds, exactly as long as its picture.

Convention: samples at 48 kHz; a timeline counts source seconds from the clip's start, which lies ``source_start`` after the
first displayed frame of the source, and that frame lies at ``origin`` on the clock of the container.
"""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from fractions import Fraction
from itertools import pairwise

from clipmill.engines.samples import Samples, Tape, silence
from clipmill.engines.sound_source import SoundSource
from clipmill.engines.source import Media
from clipmill.engines.tempo import at_tempo
from clipmill.media.info import AudioInfo
from clipmill.media.sound import sample_at
from clipmill.media.timeline import NORMAL, Timeline

ROUNDING = 1
"""Samples that two neighbouring pieces may share, because both ends of a piece are rounded in source and in output."""


class ClipSound(Iterator[Samples]):
    """The blocks of a clip's sound; opens the file when first asked for one."""

    def __init__(self, source: SoundSource, blocks: Generator[Samples]) -> None:
        self._source = source
        self._blocks = blocks

    def __next__(self) -> Samples:
        return next(self._blocks)

    @property
    def lost_packets(self) -> int:
        """Packets met so far that could not be decoded; silence stands in for them."""
        return self._source.lost_packets

    def close(self) -> None:
        """Close the file, wherever reading stands."""
        self._blocks.close()


def clip_sound(  # noqa: PLR0917 - where the sound is, what is wanted of it, and its form
    media: Media,
    audio: AudioInfo,
    origin: Fraction,
    timeline: Timeline,
    source_start: Fraction,
    samples: int,
    channels: int,
) -> ClipSound:
    """Exactly ``samples`` of a clip's sound: late sound has silence before it, short sound has it behind."""
    source = SoundSource(media, audio)
    return ClipSound(source, _blocks(source, timeline, origin + source_start, samples, channels))


def output_channels(sources: Iterable[int]) -> int:
    """The channels of clips that will be joined: stereo if any has more than one.

    >>> output_channels([1, 6, 1])
    2
    """
    return 2 if max(sources, default=1) > 1 else 1


def _blocks(
    source: SoundSource, timeline: Timeline, clip_start: Fraction, samples: int, channels: int
) -> Generator[Samples]:
    base = sample_at(clip_start + timeline.start)
    done = 0
    with closing(source.samples(base, channels)) as sound:
        tape = Tape(sound, channels, ROUNDING)
        for piece, (start, end) in zip(timeline.pieces, pairwise(_cuts(timeline)), strict=True):
            first, last = (sample_at(clip_start + time) - base for time in (piece.start, piece.end))
            wanted = max(0, min(end, samples) - start)
            if piece.speed == NORMAL:
                yield from tape.blocks(first, wanted)
            else:
                heard = tape.blocks(first, last - first)
                yield from _exactly(wanted, at_tempo(heard, last - first, piece.speed, end - start), channels)
            done += wanted
    yield from silence(samples - done, channels)


def _cuts(timeline: Timeline) -> list[int]:
    """The output samples between pieces, both ends included."""
    return [*map(sample_at, timeline.output_starts), sample_at(timeline.duration)]


def _exactly(wanted: int, sound: Iterator[Samples], channels: int) -> Iterator[Samples]:
    """The sound, cut or padded to so many samples; no more of it is made than that."""
    while wanted > 0 and (block := next(sound, None)) is not None:
        yield block[:, :wanted]
        wanted -= block.shape[1]
    yield from silence(wanted, channels)
