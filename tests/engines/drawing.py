"""Draw clips without encoding them, and look at the frames."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np

from clipmill.engines.concealment import Concealment
from clipmill.engines.draw import ClipDrawer
from clipmill.engines.layout import planes_of
from clipmill.engines.probe import probe
from clipmill.engines.resample import samples
from clipmill.engines.source import open_container
from clipmill.media.framing import ClipPlan, settled_fit
from clipmill.media.geometry import Box, Fit, Size
from clipmill.media.info import VideoInfo
from clipmill.media.timeline import Timeline, canonical_timeline
from clipmill.media.tracks import BoxTrack

Corner = tuple[float, float, float, float]


@dataclass(frozen=True)
class Drawn:
    """The planes of every frame of a clip, and what was met on the way."""

    frames: list[tuple[np.ndarray, ...]]
    report: Concealment

    @property
    def lumas(self) -> list[np.ndarray]:
        return [planes[0] for planes in self.frames]


def picture_of(path: Path) -> VideoInfo:
    video = probe(path).video
    assert video is not None
    return video


def clip_plan(
    video: VideoInfo,
    output: tuple[int, int],
    *keys: tuple[Any, Corner],
    fit: Fit = Fit.COVER,
    timeline: Timeline | None = None,
    fps: Fraction | None = None,
    **more: Any,
) -> ClipPlan:
    """A plan over the whole source; keys are (seconds, (x, y, width, height))."""
    boxes = [(Fraction(str(time)), Box(*map(float, corner))) for time, corner in keys]
    return ClipPlan(
        source_start=more.pop("start", Fraction(0)),
        timeline=timeline or canonical_timeline(None, video.duration),
        frame=video.displayed,
        output=Size(*output),
        fps=fps or video.rate,
        crop=BoxTrack.from_keyframes(boxes, default=boxes[0][1]) if boxes else None,
        fit=settled_fit([box for _, box in boxes], fit, video.displayed, Size(*output)),
        **more,
    )


def draw(
    path: Path, output: tuple[int, int], *keys: tuple[Any, Corner], frames: Sequence[int] | None = None, **more: Any
) -> Drawn:
    """The frames of a clip of the source; ``frames`` = (first, last) draws a part."""
    video = picture_of(path)
    drawer = ClipDrawer(clip_plan(video, output, *keys, **more), path, video, 1)
    return Drawn([copied(frame) for frame in drawer.frames(*(frames or ()))], drawer.report)


def copied(frame: Any) -> tuple[np.ndarray, ...]:
    return tuple(samples(frame, index).copy() for index in range(3))


@cache
def first_planes(path: Path) -> tuple[np.ndarray, ...]:
    """The planes of the first coded picture."""
    with open_container(path) as container:
        return copied(planes_of(next(container.decode(video=0))).frame)


def with_display_matrix(source: Path, path: Path, turns: int, *, mirrored: bool) -> Path:
    """A copy that asks players to mirror the columns, then to turn the picture clockwise by quarters."""
    right, down = (-1 if mirrored else 1, 0), (0, 1)
    for _ in range(turns):
        right, down = [(-y, x) for x, y in (right, down)]
    entries = (*right, 0, *down, 0, 0, 0, 16384)
    content = source.read_bytes()
    at = content.index(b"tkhd") + 44
    matrix = b"".join((entry << 16).to_bytes(4, "big", signed=True) for entry in entries)
    path.write_bytes(content[:at] + matrix + content[at + 36 :])
    return path


def as_displayed(plane: np.ndarray, turns: int, *, mirrored: bool) -> np.ndarray:
    """The stored samples the way a player shows them."""
    return np.rot90(plane[:, ::-1] if mirrored else plane, -turns)


def lossless_video(
    path: Path, frames: Iterable[Sequence[np.ndarray]], name: str = "yuv420p", rate: Fraction = Fraction(10)
) -> Path:
    """Frames, given as planes, that decode to the bit; BT.709, limited range. H.264, or FFV1 in a Matroska file."""
    codec, options = ("ffv1", {}) if path.suffix == ".mkv" else ("libx264", {"qp": "0", "preset": "ultrafast"})
    with av.open(str(path), "w") as output:
        stream: Any = None
        for number, planes in enumerate(frames):
            if stream is None:
                stream = output.add_stream(codec, rate=rate, options=options)
                context = stream.codec_context
                context.height, context.width = planes[0].shape
                context.pix_fmt, context.thread_count = name, 1
                context.colorspace = context.color_primaries = context.color_trc = context.color_range = 1
            frame = frame_of(planes, name)
            frame.pts, frame.time_base = number, 1 / rate
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def frame_of(planes: Sequence[np.ndarray], name: str = "yuv420p") -> Any:
    """A frame with these planes."""
    frame = av.VideoFrame(planes[0].shape[1], planes[0].shape[0], name)
    for index, plane in enumerate(planes):
        samples(frame, index)[:] = plane
    frame.colorspace, frame.color_range = 1, 1
    return frame


def flat(luma: int, size: tuple[int, int] = (96, 64), blue: int = 128, red: int = 128) -> tuple[np.ndarray, ...]:
    """The planes of a 4:2:0 picture of one colour."""
    width, height = size
    chroma = (height // 2, width // 2)
    return tuple(
        np.full(shape, level, np.uint8)
        for shape, level in zip(((height, width), chroma, chroma), (luma, blue, red), strict=True)
    )
