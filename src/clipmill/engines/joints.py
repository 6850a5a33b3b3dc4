"""Look at a written file where copied and new packets meet: every frame must be shown there, once, at its time.

Convention: times are ticks of a clock that is given, from the first frame on.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from clipmill.engines.source import open_container, reading

FRAMES_BEFORE, FRAMES_BEHIND = 8, 8
"""Frames to look at around a joint: more than a decoder makes wrong there without showing it sooner."""
BROKEN = -1
"""Stands for the time of a frame that no decoder can make."""
QUICK = {"skip_loop_filter": "all"}
"""Decoding that shows the same frames at the same times, in less time and less well."""


def fault_at_joints(path: Path, joints: Iterable[int], expected: Sequence[int], tick: Fraction) -> str | None:
    """What is wrong at the joints of a file whose frames should be shown at ``expected``, sorted; None if nothing is.

    The first frame is at 0, the file's own clock as fine as ``tick`` or finer.
    """
    with open_container(path, familiar=True) as container, reading(path):
        stream = container.streams.video[0]
        stream.codec_context.options = QUICK
        if stream.frames != len(expected):
            return f"the file holds {stream.frames} frames, {len(expected)} were due"
        scale = tick / (stream.time_base or tick)
        due = [round(time * scale) for time in expected] if scale != 1 else expected
        for joint in joints:
            seen = list(_shown_around(container, stream, round(joint * scale), due))
            if fault := _difference(seen, due):
                return fault
    return None


def _shown_around(container: InputContainer, stream: VideoStream, joint: int, expected: Sequence[int]) -> Iterator[int]:
    """The times of decoded frames, from some before a joint to some behind it; `BROKEN` ends them."""
    start = stream.start_time or 0
    place = bisect_left(expected, joint)
    before, leap = expected[max(0, place - 1)], expected[max(0, place - FRAMES_BEFORE)]
    container.seek(before + start, stream=stream, backward=True)
    behind = 0
    for packet in container.demux(stream):
        stream.codec_context.skip_frame = (
            "NONREF" if packet.pts is not None and packet.pts - start < leap else "DEFAULT"
        )
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            yield BROKEN
            return
        for frame in frames:
            if frame.pts is None or frame.is_corrupt:
                yield BROKEN
                return
            if frame.pts - start >= leap:
                yield frame.pts - start
            behind += frame.pts - start >= joint
            if behind >= FRAMES_BEHIND:
                return


def _difference(seen: Sequence[int], expected: Sequence[int]) -> str | None:
    if not seen:
        return "no frame is shown"
    if BROKEN in seen:
        return "a frame cannot be decoded"
    due = expected[bisect_left(expected, seen[0]) :][: len(seen)]
    odd = next((f"{got} where {want} was due" for got, want in zip(seen, due, strict=False) if got != want), None)
    if odd:
        return f"a frame is shown at {odd}"
    return None if len(seen) == len(due) else "frames are shown behind the last one"
