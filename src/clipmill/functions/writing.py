"""From a written file to the result that tells of it: every value is measured on the file itself."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from clipmill.engines.probe import probe, require_video
from clipmill.engines.render import RenderReport
from clipmill.function.results import ChapterEntry, Result, Warn


def measured(path: Path, output_key: str, encoder: str) -> Result:
    """The result of a finished file that is about to be published under ``output_key``."""
    info = probe(path)
    video = require_video(info)
    frames = video.frames or round(video.duration * video.rate)
    return Result(
        output_key=output_key,
        duration=float(frames / video.rate),
        frames=frames,
        width=video.displayed.width,
        height=video.displayed.height,
        fps=f"{video.rate.numerator}/{video.rate.denominator}",
        audio="none" if info.audio is None else "encoded",
        encoder=encoder,
        chapters=[
            ChapterEntry(index=mark.index, title=mark.title, start=mark.start_ms / 1000, end=mark.end_ms / 1000)
            for mark in info.chapters
        ],
    )


def render_warnings(report: RenderReport) -> Iterator[Warn]:
    """What was met while rendering."""
    if frames := report.concealed_frames:
        message = f"{frames} frames could not be decoded; the last good picture stands in for them"
        yield Warn.model_validate({"code": "frames_concealed", "message": message, "count": frames})
    if packets := report.lost_packets:
        message = f"{packets} packets of sound could not be decoded; silence stands in for them"
        yield Warn.model_validate({"code": "sound_concealed", "message": message, "count": packets})


def output_ranges(ranges: Sequence[tuple[int, int]], fps: Fraction) -> list[tuple[float, float]]:
    """Frame ranges in output seconds."""
    return [(float(first / fps), float(last / fps)) for first, last in ranges]
