"""Join clips into one file: copy what stays as it is, draw the transitions from both sides, encode nothing twice.

Convention: everything counts in output frames, see `media.transitions`. A clip numbers its own frames from 0. At most
two clips are open at a time, however many there are.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count
from pathlib import Path

import av

from clipmill.engines.blend import dimmed, mixed
from clipmill.engines.encoders import AnyPacket, VideoFormat
from clipmill.engines.join_clips import JoinableClip
from clipmill.engines.movie import MovieWriter, PictureCopy, PictureTrack
from clipmill.engines.overlap import ahead
from clipmill.engines.render import FRAMES_AHEAD, OnFrame, encoded
from clipmill.engines.samples import Samples
from clipmill.engines.sound_join import SoundPart, join_sound
from clipmill.errors import ClipmillError
from clipmill.media.chapters import Chapter
from clipmill.media.transitions import Body, Dissolve, FadeIn, FadeOut, Join, Span, incoming_weight

Written = tuple[Fraction, AnyPacket]
"""A stamped packet, and the time up to which the picture now reaches."""


@dataclass
class ClipJoiner:
    """Writes the file of one join. ``channels`` None leaves the sound out."""

    join: Join
    clips: Sequence[JoinableClip]
    encoding: VideoFormat
    channels: int | None
    chapters: Sequence[Chapter]
    on_frame: OnFrame
    headers: bytes | None = None
    """The parameter sets of copied and new packets, where they differ."""
    copied: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """Ranges of output frames whose packets were copied."""
    redrawn: int = 0
    """Frames outside transitions that had to be encoded again."""

    def write(self, path: Path) -> None:
        """Write the file."""
        with ExitStack() as opened:
            copied_from = next((clip for clip in self.clips if clip.copies), None)
            template = opened.enter_context(copied_from.template()) if copied_from else None
            reordering = max(clip.reordering for clip in self.clips)
            movie = MovieWriter(
                path,
                [self.encoding],
                channels=self.channels,
                chapters=self.chapters,
                copied=PictureCopy(template, reordering, self.headers) if template else None,
            )
            opened.close()
            with movie:
                movie.write_all(self._pictures(movie.tracks[0]), self._sound())

    @property
    def joints(self) -> list[int]:
        """The frames at which copied packets begin or end."""
        return sorted({edge for run in self.copied for edge in run} - {0, self.join.total_frames})

    def _sound(self) -> Iterator[Samples] | None:
        if self.channels is None:
            return None
        parts = [SoundPart(clip.sound, clip.frames) for clip in self.clips]
        return join_sound(parts, self.join, self.join.fps, self.channels)

    def _pictures(self, track: PictureTrack) -> Iterator[Written]:
        for span in self.join.spans:
            try:
                yield from self._span(span, track)
            except ClipmillError as fault:
                fault.details.setdefault("clip", span.left if isinstance(span, Dissolve) else span.clip)
                raise

    def _span(self, span: Span, track: PictureTrack) -> Iterator[Written]:
        if isinstance(span, Body):
            yield from self._body(span, track)
        else:
            yield from self._encoded(self._drawn(span), span.start, track)

    def _body(self, span: Body, track: PictureTrack) -> Iterator[Written]:
        clip, first, last = self.clips[span.clip], span.first, span.last_exclusive
        a, b = clip.copyable(first, last) if clip.copies else (last, last)
        for start, end in ((first, a), (b, last)):
            self.redrawn += end - start
        yield from self._redrawn(clip, span, (first, a), track)
        if b > a:
            offset = span.start - first
            self.copied.append((a + offset, b + offset))
            for number, packet in clip.packets(a, b):
                self.on_frame(number + offset + 1)
                yield (number + offset + 1) / self.join.fps, track.stamped(packet, number + offset)
        yield from self._redrawn(clip, span, (b, last), track)

    def _redrawn(self, clip: JoinableClip, span: Body, run: tuple[int, int], track: PictureTrack) -> Iterator[Written]:
        first, last = run
        if last > first:
            yield from self._encoded(clip.pictures(first, last), span.start + first - span.first, track)

    def _encoded(self, frames: Iterator[av.VideoFrame], start: int, track: PictureTrack) -> Iterator[Written]:
        yield from encoded(ahead(_numbered(frames, start), FRAMES_AHEAD), track, self.on_frame)

    def _drawn(self, span: Span) -> Iterator[av.VideoFrame]:
        """The frames under a transition."""
        match span:
            case Dissolve():
                left = self.clips[span.left].pictures(span.left_first, span.left_first + span.frames)
                right = self.clips[span.right].pictures(0, span.frames)
                for j, (old, new) in enumerate(zip(left, right, strict=True)):
                    yield mixed(old, new, incoming_weight(j, span.frames))
            case FadeOut():
                frames = self.clips[span.clip].pictures(span.first, span.first + span.frames)
                for j, frame in enumerate(frames):
                    yield dimmed(frame, 1 - incoming_weight(j, span.frames))
            case FadeIn():
                for j, frame in enumerate(self.clips[span.clip].pictures(0, span.frames)):
                    yield dimmed(frame, incoming_weight(j, span.frames))
            case Body():
                yield from self.clips[span.clip].pictures(span.first, span.last_exclusive)


def _numbered(frames: Iterator[av.VideoFrame], start: int) -> Iterator[av.VideoFrame]:
    for number, frame in zip(count(start), frames, strict=False):
        frame.pts = number
        yield frame
