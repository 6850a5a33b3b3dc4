"""Small clips that know their own frames, and what a finished reel shows and sounds.

Convention: sources are 320x180 at 30 frames a second, reels 90x160; both show the code in their middle. A clip's frames are
numbered from ``first`` on, so that every picture tells its clip.
"""

import atexit
import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
from tests.contexts import FolderContext
from tests.media_factory import Box, Recipe, Sound, UnreadableError, make_video, read_frame_number
from tests.media_reading import pictures

from clipmill.functions.concatenate import concatenate_clips
from clipmill.functions.multi_clip_item import process_multi_clip_item
from clipmill.media.transitions import Body, Join

SOURCE = (320, 180)
VIEW = Box(109.375, 0, 101.25, 180)
"""The part of a source that a reel shows."""
REEL = {"output_width": 90, "output_height": 160, "quality": "draft", "encoder": "x264"}


def numbered(path: Path, first: int = 0, frames: int = 45, **changes: Any) -> Path:
    """A source whose frames carry the numbers from ``first`` on, with a steady tone on one channel."""
    values: dict[str, Any] = {"size": SOURCE, "frames": frames, "first_number": first, "gop": 15}
    values["sound"] = Sound(channels=1)
    return make_video(path, Recipe(**(values | changes)))


def flashing(path: Path, at: int, frames: int, first: int = 0, **changes: Any) -> Path:
    """A source that is white from frame ``at`` on for three frames, and beeps at that instant."""
    rate = changes.get("rate", Fraction(30))
    sound = Sound(beeps=(at / rate,), channels=1)
    return numbered(path, first, frames, flashes=(at, at + 1, at + 2), sound=sound, **changes)


def flat(path: Path, luma: int, frames: int, frequency: float | None = None, rate: Fraction = Fraction(30)) -> Path:
    """A grey video without any mark, lossless; its tone has the amplitude 0.4."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=rate, options={"qp": "0", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 96, 160, "yuv420p"
        stream.codec_context.colorspace, stream.codec_context.color_range = 1, 1
        sound = None if frequency is None else output.add_stream("aac", rate=48000, layout="stereo")
        for number in range(frames):
            frame = av.VideoFrame(96, 160, "yuv420p")
            for plane, level in zip(frame.planes, (luma, 128, 128), strict=True):
                plane.update(bytes([level]) * plane.buffer_size)
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if sound is not None:
            times = np.arange(round(frames / rate * 48000)) / 48000
            wave = np.tile((0.4 * np.sin(2 * np.pi * frequency * times)).astype(np.float32), (2, 1))
            heard = av.AudioFrame.from_ndarray(wave, "fltp", "stereo")
            heard.sample_rate, heard.time_base, heard.pts = 48000, Fraction(1, 48000), 0
            sound.codec_context.bit_rate = 256_000
            output.mux(sound.encode(heard))
            output.mux(sound.encode(None))
    return path


def item(world: FolderContext, key: str, output_key: str, head: int = 0, tail: int = 0, **request: Any) -> Path:
    """A clip rendered for joining, its ends lossless; the same clip is rendered once."""
    ends = {"joinable": True, "head_frames": head, "tail_frames": tail}
    whole = REEL | {"input_key": key, "output_key": output_key} | ends | request
    asked = repr(sorted((REEL | ends | request).items())).encode()
    rendered = _shelf() / hashlib.sha256(world.open(key).read_bytes() + asked).hexdigest()
    if not rendered.exists():
        process_multi_clip_item(whole, world)
        shutil.copyfile(world.open(output_key), rendered)
    return shutil.copyfile(rendered, world.open(output_key))


@cache
def _shelf() -> Path:
    """The items that this test process has rendered so far: most tests ask for what others asked for before."""
    folder = TemporaryDirectory(prefix="clipmill-items-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


def joined(world: FolderContext, keys: Sequence[str], kind: str = "cut", seconds: float = 0.5, **request: Any) -> Any:
    """The result of joining items or files into ``reel.mp4``."""
    transition = {"transition_type": kind, "transition_duration": seconds}
    options = {"quality": REEL["quality"], "encoder": REEL["encoder"]} | transition
    return concatenate_clips({"clip_keys": list(keys), "output_key": "reel.mp4"} | options | request, world)


def seen(path: Path, size: tuple[int, int] = SOURCE, view: Box = VIEW) -> list[int | None]:
    """The number on every frame, None where two pictures or darkness leave none to read."""
    return [_number(picture.luma, size, view) for picture in pictures(path)]


def _number(luma: np.ndarray, size: tuple[int, int], view: Box) -> int | None:
    try:
        return read_frame_number(luma, size, view)
    except UnreadableError:
        return None


def numbers_to_see(join: Join, firsts: Sequence[int]) -> dict[int, int]:
    """Which number each frame outside of transitions must carry, by its place in the reel."""
    return {
        span.start + offset: firsts[span.clip] + span.first + offset
        for span in join.spans
        if isinstance(span, Body)
        for offset in range(span.length)
    }


def at_places(numbers: Sequence[int | None], places: Mapping[int, int]) -> dict[int, int | None]:
    """What was seen at these places of a reel."""
    return {place: numbers[place] for place in places}


def lumas(path: Path) -> list[float]:
    """The mean brightness of every frame."""
    return [float(picture.luma.mean()) for picture in pictures(path)]


def fingerprints(path: Path, track: int = 0) -> list[str]:
    """A digest of every decoded picture, in showing order."""
    with av.open(str(path)) as container:
        stream = container.streams.video[track]
        stream.thread_count = 1
        return [_digest(frame) for frame in container.decode(stream)]


def _digest(frame: Any) -> str:
    rows = hashlib.sha256()
    for plane in frame.planes:
        lines = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
        rows.update(lines[:, : plane.width].tobytes())
    return rows.hexdigest()


def packets(path: Path, track: int = 0) -> list[Any]:
    """The coded pictures of a file in decoding order."""
    with av.open(str(path)) as container:
        return [packet for packet in container.demux(container.streams.video[track]) if packet.size]


def boxes(data: bytes, *names: bytes) -> Iterator[bytes]:
    """The contents of the boxes of an MP4 that lie under this path of names."""
    place = 0
    while place + 8 <= len(data):
        size, name = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        start = 8
        if size == 1:
            size, start = int.from_bytes(data[place + 8 : place + 16], "big"), 16
        if name == names[0]:
            inside = data[place + start : place + size]
            yield from boxes(inside, *names[1:]) if len(names) > 1 else [inside]
        place += max(size, 8)
