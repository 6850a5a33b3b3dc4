"""When a stream's frames are shown: the first, the end of the last, how many a second, and whether evenly.

Convention: a frame ends at its time + its own duration, or + the average interval where it has none. The rate is what
the container's header says where the frames agree with it, else the frames' own average.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice

import av.error
import numpy as np
from av.container import InputContainer
from av.stream import Discard
from av.video.stream import VideoStream

from clipmill.engines.beginning import Beginning, Stamp, packets, stamps
from clipmill.errors import InvalidMediaError, LimitExceededError

MOST_FRAMES = 6 * 3600 * 240
"""Six hours at 240 a second."""
READ_WHOLE = 32 << 20
"""A file without a table of its samples is read to its end up to this many bytes; of a larger one, only both ends are."""

_AGREEMENT = Fraction(1, 100)
_JITTER = 0.05
"""The part of the average interval by which a camera's clock may wander."""
_COARSE = 4
"""An average interval of this many ticks or more may miss by one tick through rounding."""
_WINDOW = 60
_STEPS_BACK_S = (2, 8, 32, 10**6)
_MARGIN = 4

Ticks = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """Exact seconds on the file's own clock; ``frames`` is None where they were not counted."""

    start: Fraction
    end: Fraction
    rate: Fraction
    uneven: bool
    frames: int | None


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the packets tell, in ticks; ``interval`` is the average from one to the next, ``usual`` the median."""

    end: Fraction
    interval: Fraction
    usual: int
    uneven: bool
    count: int | None


def frame_times(container: InputContainer, stream: VideoStream, beginning: Beginning) -> FrameTimes:
    """Measure a stream; nothing is guessed where it cannot be told."""
    tick = stream.time_base
    if tick is None:
        raise _unreadable("duration")
    measure = _by_index if container.format.name.startswith("mov") else _by_packets
    seen = measure(container, stream, beginning)
    if seen.end <= beginning.start:
        raise _unreadable("duration")
    fields = beginning.picture.interlaced_frame and _header_agrees(stream, seen, per_frame=2)
    # A tick of AVI is a frame: where it stores no picture, the one before is shown again.
    gaps = container.format.name == "avi" and seen.usual == 1
    trusted = fields or gaps or _header_agrees(stream, seen)
    own = 1 / (seen.interval * tick) if seen.count is None else seen.count / ((seen.end - beginning.start) * tick)
    rate = stream.average_rate if stream.average_rate and trusted else own
    return FrameTimes(beginning.start * tick, seen.end * tick, rate, seen.uneven, None if fields else seen.count)


def _unreadable(what: str) -> InvalidMediaError:
    return InvalidMediaError(f"the {what} of the picture cannot be read. Remux it with its time stamps and try again.")


def _header_agrees(stream: VideoStream, seen: _Seen, per_frame: int = 1) -> bool:
    """Whether packets come as often as the header's rate says, with ``per_frame`` packets to a frame."""
    if not stream.average_rate or stream.time_base is None:
        return False
    expected = 1 / (stream.average_rate * stream.time_base * per_frame)
    rounding = Fraction(1, max(1, (seen.count or _WINDOW) - 1))
    return abs(expected - seen.interval) <= _AGREEMENT * seen.interval + rounding


def _by_index(container: InputContainer, stream: VideoStream, beginning: Beginning) -> _Seen:
    """From the sample table of an MP4; of the samples, only the last few are read."""
    _complete_index(container, stream)
    entries = stream.index_entries
    if len(entries) > MOST_FRAMES:
        raise _too_many(len(entries))
    times = np.fromiter((entry.timestamp for entry in entries), np.int64)
    shown = np.fromiter((not entry.is_discard for entry in entries), np.bool_)
    positions = np.flatnonzero(shown)
    count = len(positions) - sum(stamp.shown and stamp.pts < beginning.start for stamp in beginning.stamps)
    if count < 1:
        raise InvalidMediaError("the file lists no frame that is shown. Check that it was written completely.")
    intervals = np.diff(times)[shown[1:] & shown[:-1]]
    usual, uneven = _usual(intervals), _is_uneven(intervals)
    last = _last_sample(container, stream, times, int(positions[-1]))
    if last is None:
        # The samples are cut off. Which frames are lost, decoding will tell; the header knows how long they were.
        end = Fraction(_header_end(stream))
        return _Seen(end, (end - beginning.start) / count, usual, uneven, count)
    interval = _average(beginning.start, last, count, stream)
    end = last.pts + (Fraction(last.duration) if last.duration > 0 else interval)
    return _Seen(end, interval, usual, uneven, count)


def _too_many(count: int) -> LimitExceededError:
    return LimitExceededError(f"the file claims {count} frames; at most {MOST_FRAMES} are accepted. Split it.")


def _complete_index(container: InputContainer, stream: VideoStream) -> None:
    """Read the sample tables of all fragments, stepping over the samples themselves."""
    if stream.frames == len(stream.index_entries):
        return
    wanted = [(track, track.discard) for track in container.streams]
    for track, _ in wanted:
        track.discard = Discard.all
    for _ in packets(container, stream):
        pass
    for track, discard in wanted:
        track.discard = discard


def _last_sample(container: InputContainer, stream: VideoStream, times: Ticks, last: int) -> Stamp | None:
    """The stamp of the frame that is shown last, which need not be the one decoded last; None where it is not there."""
    first = max(0, last - stream.codec_context.reorder_depth - _MARGIN)
    if not _seek(container, stream, int(times[first]), any_frame=True):
        return None
    tail: list[Stamp] = []
    for stamp in stamps(packets(container, stream)):
        tail += [stamp] if stamp.shown else []
        if stamp.dts is not None and stamp.dts >= times[last]:
            return max(tail, key=lambda stamp: stamp.pts, default=None)
    return None


def _header_end(stream: VideoStream) -> int:
    if stream.start_time is None or not stream.duration:
        raise _unreadable("duration")
    return stream.start_time + stream.duration


def _by_packets(container: InputContainer, stream: VideoStream, beginning: Beginning) -> _Seen:
    long = container.size > READ_WHOLE and container.duration is not None
    return (long and _by_both_ends(container, stream, beginning)) or _by_all(stream, beginning)


def _by_all(stream: VideoStream, beginning: Beginning) -> _Seen:
    for _ in beginning.rest:
        if len(beginning.stamps) > MOST_FRAMES:
            raise _too_many(len(beginning.stamps))
    shown = _in_order(beginning.stamps, beginning.start)
    interval = _average(beginning.start, shown[-1], len(shown), stream)
    intervals = _intervals(shown)
    return _Seen(_shown_until(shown[-1], interval), interval, _usual(intervals), _is_uneven(intervals), len(shown))


def _by_both_ends(container: InputContainer, stream: VideoStream, beginning: Beginning) -> _Seen | None:
    """From windows at both ends, where the header's rate holds in the first; None where it does not."""
    for _ in islice(beginning.rest, _WINDOW):
        pass
    settled = max((stamp.dts for stamp in beginning.stamps if stamp.dts is not None), default=beginning.start)
    head = [stamp for stamp in _in_order(beginning.stamps, beginning.start) if stamp.pts <= settled]
    interval = _average(beginning.start, head[-1], len(head), stream)
    intervals = _intervals(head)
    seen = _Seen(Fraction(settled), interval, _usual(intervals), _is_uneven(intervals), None)
    if not any(_header_agrees(stream, seen, per_frame=count) for count in (1, 2)):
        return None
    tail = _tail(container, stream)
    return replace(seen, end=_shown_until(tail[-1], interval), uneven=seen.uneven or _is_uneven(_intervals(tail)))


def _tail(container: InputContainer, stream: VideoStream) -> list[Stamp]:
    """The last stamps in order of display, from a key picture on."""
    assert stream.time_base is not None
    end = Fraction((container.start_time or 0) + (container.duration or 0), 10**6) / stream.time_base
    for back in _STEPS_BACK_S:
        if _seek(container, stream, int(end - back / stream.time_base)):
            found = list(stamps(packets(container, stream)))
            key = next((stamp.pts for stamp in found if stamp.is_key), None)
            if key is not None:
                return _in_order(found, key)
    raise _unreadable("duration")


def _seek(container: InputContainer, stream: VideoStream, ticks: int, *, any_frame: bool = False) -> bool:
    try:
        container.seek(ticks, stream=stream, any_frame=any_frame)
    except av.error.FFmpegError:
        return False
    return True


def _in_order(found: Sequence[Stamp], start: int) -> list[Stamp]:
    shown = sorted((stamp for stamp in found if stamp.shown and stamp.pts >= start), key=lambda stamp: stamp.pts)
    if not shown:
        raise InvalidMediaError("the file holds no frame that is shown. Check that it was written completely.")
    return shown


def _average(start: int, last: Stamp, count: int, stream: VideoStream) -> Fraction:
    """Ticks from one frame to the next."""
    if count > 1:
        if last.pts <= start:
            raise _unreadable("duration")
        return Fraction(last.pts - start, count - 1)
    if stream.average_rate and stream.time_base:
        return 1 / (stream.average_rate * stream.time_base)
    if last.duration > 0:
        return Fraction(last.duration)
    raise _unreadable("frame rate")


def _shown_until(last: Stamp, interval: Fraction) -> Fraction:
    """Where the container stores no durations of frames, libav guesses them: believed near the average only."""
    own = Fraction(last.duration)
    return last.pts + (own if interval / 2 <= own <= interval * 2 else interval)


def _intervals(shown: Sequence[Stamp]) -> Ticks:
    return np.diff(np.array([stamp.pts for stamp in shown], np.int64))


def _usual(intervals: Ticks) -> int:
    return int(np.median(intervals)) if len(intervals) else 0


def _is_uneven(intervals: Ticks) -> bool:
    if len(intervals) < 2:
        return False
    average = float(intervals.mean())
    rounding = 1 if average >= _COARSE else 0
    return bool(np.abs(intervals - average).max() > _JITTER * average + rounding)
