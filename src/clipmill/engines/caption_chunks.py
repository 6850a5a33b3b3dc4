"""The caption band as WebM chunks of three levels, encoded beside whatever makes the frames.

Convention: frame k of a level is at its position / rate in its chunk; a chunk is VP9 4:2:0, BT.709 limited, with one
key frame in front, so that a player which seeks to (offset + 1/2) / rate shows that frame.
"""

import errno
import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import av.error
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream
from numpy.typing import NDArray

from clipmill.engines.encoders import BT709, LIMITED
from clipmill.errors import DiskFullError, EncodeFailedError
from clipmill.media.captions.keys import chunk_name
from clipmill.media.captions.levels import FRAMES_PER_CHUNK, LEVELS, every_chunk
from clipmill.media.captions.manifest import ManifestChunk
from clipmill.media.geometry import Size

Pixels = NDArray[np.uint8]

SPEED = {"deadline": "realtime", "cpu-used": "7"}
"""A fifth of the work of the usual settings, for a sixth more bytes and no measurable loss."""
PACKET_SLACK = Fraction(1, 1000)
"""WebM counts milliseconds."""


@dataclass(frozen=True, slots=True)
class ChunkFormat:
    """How all chunks of a version are coded."""

    size: Size
    rate: Fraction
    crf: int = 30


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk that was written and checked."""

    facts: ManifestChunk
    path: Path


@dataclass(frozen=True, slots=True)
class _Draft:
    """Frames on their way into a chunk."""

    level: int
    number: int
    pictures: Sequence[Pixels]

    @property
    def frames(self) -> range:
        first = self.number * FRAMES_PER_CHUNK * self.level
        return range(first, first + len(self.pictures) * self.level, self.level)


class ChunkWriter:
    """Takes every frame once, in order, and writes the chunks of all levels to new files, ``workers`` at a time."""

    def __init__(self, new_file: Callable[[str], Path], form: ChunkFormat, workers: int) -> None:
        self._new_file = new_file
        self._form = form
        self._pool = ThreadPoolExecutor(workers, "clipmill-chunks")
        # A chunk that waits keeps its pixels: no more of them than keep every worker busy.
        self._places = threading.BoundedSemaphore(workers + 1)
        self._buffers: dict[int, list[Pixels]] = {level: [] for level in LEVELS}
        self._numbers: dict[int, int] = dict.fromkeys(LEVELS, 0)
        self._written: list[Future[Chunk]] = []
        self._frames = 0

    def add(self, planar: Pixels) -> None:
        """Take the next frame; waits while all workers are behind, and tells the fault of a chunk that failed."""
        for level, buffer in self._buffers.items():
            if self._frames % level == 0:
                buffer.append(planar)
                if len(buffer) == FRAMES_PER_CHUNK:
                    self._flush(level)
        self._frames += 1

    def finish(self) -> list[Chunk]:
        """Write the short tails; every chunk in the order of the manifest."""
        for level, buffer in self._buffers.items():
            if buffer:
                self._flush(level)
        chunks = {(one.facts.level, one.facts.number): one for one in (each.result() for each in self._written)}
        return [chunks[one.level, one.number] for one in every_chunk(self._frames)] if self._frames else []

    def _flush(self, level: int) -> None:
        draft = _Draft(level, self._numbers[level], self._buffers[level])
        self._buffers[level] = []
        self._numbers[level] += 1
        self._places.acquire()
        for done in self._written:
            if done.done() and (fault := done.exception()):
                self._places.release()
                raise fault
        path = self._new_file(chunk_name(draft.level, draft.number).replace("/", "-"))
        self._written.append(self._pool.submit(self._encoded, draft, path))

    def _encoded(self, draft: _Draft, path: Path) -> Chunk:
        try:
            write_chunk(path, draft.pictures, self._form)
            check_chunk(path, len(draft.pictures), self._form.rate)
        finally:
            self._places.release()
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        return Chunk(ManifestChunk(draft.level, draft.number, draft.frames, len(data), digest), path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)


def write_chunk(path: Path, pictures: Sequence[Pixels], form: ChunkFormat) -> None:
    """Encode one chunk, on one core."""
    try:
        with av.open(path, "w", format="webm", container_options={"fflags": "+bitexact"}) as container:
            stream = _stream(container.add_stream("libvpx-vp9", rate=form.rate), form)
            for number, planar in enumerate(pictures):
                frame = av.VideoFrame.from_ndarray(planar, "yuv420p")
                frame.pts, frame.time_base = number, 1 / form.rate
                frame.colorspace, frame.color_range = BT709, LIMITED
                container.mux([_lasting(packet) for packet in stream.encode(frame)])
            container.mux([_lasting(packet) for packet in stream.encode(None)])
    except (av.error.FFmpegError, OSError) as fault:
        if fault.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError(
                f"no space left while writing {path.name}; free space or set another scratch folder"
            ) from fault
        raise EncodeFailedError(f"{path.name}: the encoder gave up: {fault}. Try again.") from fault


def check_chunk(path: Path, frames: int, rate: Fraction) -> None:
    """Read a chunk back and refuse one that a player could not seek in frame by frame."""
    try:
        with av.open(path, format="webm") as container:
            stream = container.streams.video[0]
            packets = [packet for packet in container.demux(stream) if packet.size]
            faults = list(_faults(packets, frames, rate))
            length = Fraction(container.duration or 0, av.time_base)
    except (av.error.FFmpegError, IndexError) as fault:
        raise EncodeFailedError(f"{path.name}: cannot be read back: {fault}. Try again.") from fault
    if abs(length - frames / rate) > PACKET_SLACK:
        faults.append(f"a duration of {float(frames / rate):g} s, got {float(length):g}")
    if faults:
        raise EncodeFailedError(f"{path.name}: expected {faults[0]}. Try again, and report it if it happens twice.")


def _stream(stream: VideoStream, form: ChunkFormat) -> VideoStream:
    context = stream.codec_context
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = form.size.width, form.size.height, "yuv420p"
    context.time_base, context.framerate = 1 / form.rate, form.rate
    context.color_primaries = context.color_trc = context.colorspace = BT709
    context.color_range = LIMITED
    context.thread_count = 1
    context.bit_rate = 0
    # A key frame nowhere but in front: nearest and farthest distance are the same, and longer than a chunk.
    context.gop_size = 2 * FRAMES_PER_CHUNK
    keys = {"keyint_min": str(2 * FRAMES_PER_CHUNK), "lag-in-frames": "0", "auto-alt-ref": "0"}
    stream.options = {"crf": str(form.crf), **keys, **SPEED}
    return stream


def _lasting(packet: Any) -> Any:
    """The packet as long as a frame: the last one ends where the chunk does."""
    packet.duration = 1
    return packet


def _faults(packets: Sequence[Any], frames: int, rate: Fraction) -> Iterator[str]:
    """What is wrong with the packets of a chunk, worst first."""
    if len(packets) != frames:
        yield f"{frames} packets, got {len(packets)}"
    for number, packet in enumerate(packets):
        if packet.is_keyframe != (number == 0):
            yield f"one key frame, at packet 0, got packet {number} {'as another' if number else 'without'} one"
        time = None if packet.pts is None else packet.pts * packet.time_base
        if time is None or abs(time - number / rate) > PACKET_SLACK:
            yield f"packet {number} at {float(number / rate):g} s, got {'no time' if time is None else f'{float(time):g}'}"
