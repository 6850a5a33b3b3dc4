"""Small test videos that know the truth: every picture carries its own number, and a bar that stands where the time is.

Convention: times are seconds; a video's own clock starts at its first displayed frame, ``Recipe.start`` is where that frame lies
on the container's clock. Readers of whole files answer on the container's clock. Sizes of recipes are as stored.

    path = make_video(directory / "source.mp4", Recipe(rate=Fraction(25), frames=50))
    assert frame_numbers(path) == list(range(50))
"""

import atexit
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from hashlib import sha256
from math import lcm
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import av
import numpy as np
from tests.media_marks import (
    BAND_BOTTOM,
    BAND_TOP,
    FLASH_LUMA,
    Box,
    UnreadableError,
    beep,
    draw_code,
    draw_marker,
    marker_x,
    patch_box,
    read_frame_number,
    read_marker,
)
from tests.media_reading import find_beeps, find_flashes, frame_numbers, pictures, read_patch, read_sound
from tests.media_recipes import BT601, BT709, BT2020, VARIANTS, Colour, Recipe, Sound

__all__ = [
    "BT601",
    "BT709",
    "BT2020",
    "VARIANTS",
    "Box",
    "Colour",
    "Recipe",
    "Sound",
    "UnreadableError",
    "cached_video",
    "find_beeps",
    "find_flashes",
    "flash_beep_video",
    "frame_numbers",
    "make_video",
    "marker_x",
    "patch_box",
    "pictures",
    "read_frame_number",
    "read_marker",
    "read_patch",
    "read_sound",
]


def make_video(path: Path, recipe: Recipe) -> Path:
    """A video that may be damaged; the container follows the recipe, whatever the file's name ends in."""
    drawn = _gallery() / sha256(repr(recipe).encode()).hexdigest()
    if not drawn.exists():
        _draw(drawn.with_suffix(".draft"), recipe).replace(drawn)
    shutil.copyfile(drawn, path)
    return path


@cache
def _gallery() -> Path:
    """What this test process has drawn so far: most tests ask for what others asked for before."""
    folder = TemporaryDirectory(prefix="clipmill-videos-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


def _draw(path: Path, recipe: Recipe) -> Path:
    muxer = {"mkv": "matroska", "ts": "mpegts"}.get(recipe.container, recipe.container)
    flags = _mp4_options(recipe) if recipe.container in ("mp4", "mov") else {}
    with av.open(str(path), "w", format=muxer, options=flags) as output:
        picture = _add_picture(output, recipe)
        if recipe.sound:
            _write_sound(output, recipe, recipe.sound)
        _write_picture(output, picture, recipe)
    return path


def _mp4_options(recipe: Recipe) -> dict[str, str]:
    # Late starts are written in units of the movie's clock: milliseconds by default, too coarse for a sample.
    clock = {"movie_timescale": str(recipe.sound.rate)} if recipe.sound else {}
    return clock | ({"movflags": "faststart"} if recipe.moov_first else {})


def _add_picture(output: Any, recipe: Recipe) -> Any:
    stream = output.add_stream(recipe.codec, rate=recipe.rate, options=_encoder_options(recipe))
    context = stream.codec_context
    context.width, context.height = recipe.size
    context.pix_fmt = recipe.pixel_format
    context.time_base = _time_base(recipe)
    context.gop_size, context.max_b_frames = recipe.gop, recipe.b_frames
    context.sample_aspect_ratio = recipe.sample_aspect
    context.thread_count = 1
    context.colorspace = recipe.colour.matrix.code
    context.color_primaries, context.color_trc = recipe.colour.primaries, recipe.colour.transfer
    context.color_range = 2 if recipe.colour.full_range else 1
    if recipe.rotation:
        stream.set_display_rotation(-recipe.rotation)
    return stream


def _time_base(recipe: Recipe) -> Fraction:
    times = [recipe.start, *recipe.times, *recipe.durations]
    return Fraction(1, lcm(*(time.denominator for time in times)))


def _encoder_options(recipe: Recipe) -> dict[str, str]:
    gop = f"keyint={recipe.gop}:min-keyint={recipe.gop}:scenecut=0:open-gop={int(recipe.open_gop)}"
    depth = f"bframes={recipe.b_frames}:b-adapt=0"
    match recipe.codec:
        case "libx264":
            return {"preset": "veryfast", "crf": "14", "x264-params": f"{gop}:{depth}:rc-lookahead=0:mbtree=0"}
        case "libx265":
            return {"preset": "ultrafast", "crf": "14", "x265-params": f"{gop}:{depth}:log-level=error:pools=none"}
        case "libvpx-vp9":
            return {"deadline": "realtime", "cpu-used": "8", "crf": "16", "b": "0"}
        case "libsvtav1":
            return {"preset": "10", "crf": "18"}
        case _:
            return {}


def _write_picture(output: Any, stream: Any, recipe: Recipe) -> None:
    base = stream.codec_context.time_base
    ticks = [int((recipe.start + time) / base) for time in recipe.times]
    durations = {tick: int(length / base) for tick, length in zip(ticks, recipe.durations, strict=True)}

    def mux(packets: Iterable[Any]) -> None:
        for packet in packets:
            packet.duration = durations[packet.pts]
            output.mux(packet)

    for tick, planes in zip(ticks, drawn_planes(recipe), strict=True):
        frame = _frame(planes, recipe)
        frame.pts, frame.time_base = tick, base
        mux(stream.encode(frame))
    mux(stream.encode(None))


def _frame(planes: Sequence[np.ndarray], recipe: Recipe) -> Any:
    frame = av.VideoFrame(*recipe.size, recipe.pixel_format)
    for plane, drawn in zip(frame.planes, planes, strict=True):
        kind = np.dtype("<u2" if _depth(recipe) > 8 else np.uint8)
        rows = np.frombuffer(plane, kind).reshape(plane.height, plane.line_size // kind.itemsize)
        rows[:, : plane.width] = drawn
    frame.colorspace, frame.color_range = recipe.colour.matrix.code, 2 if recipe.colour.full_range else 1
    return frame


def _depth(recipe: Recipe) -> int:
    return av.VideoFormat(recipe.pixel_format).components[0].bits


def drawn_planes(recipe: Recipe) -> Iterator[list[np.ndarray]]:
    """Yield each stored frame's planes before coding."""
    _, height = recipe.upright
    depth, chroma_shape = _depth(recipe), _chroma_shape(recipe)
    base = _background(recipe.displayed, recipe.upright)
    chroma = [np.full(chroma_shape, 1 << (depth - 1)) for _ in "uv"]
    for index, colour in enumerate(recipe.patches):
        levels = recipe.colour.levels(colour, depth)
        box = patch_box(recipe.displayed, index, len(recipe.patches))
        for plane, level in zip((base, *chroma), (levels[0] / (1 << (depth - 8)), *levels[1:]), strict=True):
            plane[_part(plane.shape, recipe.displayed, box)] = level
    turns = -recipe.rotation // 90
    colours = [np.rot90(plane, -turns) for plane in chroma]
    for index, time in enumerate(recipe.times):
        luma = base.copy()
        if index - recipe.pre_roll in recipe.flashes:
            luma[: round(height * BAND_TOP)] = luma[round(height * BAND_BOTTOM) :] = FLASH_LUMA
        draw_code(luma, recipe.displayed, recipe.first_number + index)
        draw_marker(luma, recipe.displayed, time)
        stored = np.rint(np.rot90(luma, -turns) * (1 << (depth - 8)))
        yield [stored, *colours]


def _chroma_shape(recipe: Recipe) -> tuple[int, int]:
    """The shape of a chroma plane once the picture is turned."""
    probe = av.VideoFrame(*recipe.size, recipe.pixel_format).planes[1]
    shape = probe.height, probe.width
    return shape[::-1] if recipe.rotation in (90, 270) else shape


def _background(displayed: tuple[int, int], samples: tuple[int, int]) -> np.ndarray:
    """Waves of 32 displayed pixels: a shift by a fraction of a pixel changes them everywhere."""
    x = (np.arange(samples[0]) + 0.5) * displayed[0] / samples[0]
    y = (np.arange(samples[1]) + 0.5) * displayed[1] / samples[1]
    return 110 + 25 * np.sin(x * np.pi / 16)[None, :] + 25 * np.sin(y * np.pi / 16)[:, None]


def _part(shape: tuple[int, ...], displayed: tuple[int, int], box: Box) -> tuple[slice, slice]:
    down, across = shape[0] / displayed[1], shape[1] / displayed[0]
    rows = slice(round(box.y * down), round((box.y + box.height) * down))
    return rows, slice(round(box.x * across), round((box.x + box.width) * across))


def _write_sound(output: Any, recipe: Recipe, sound: Sound) -> None:
    codec = sound.codec or ("libopus" if recipe.container == "webm" else "aac")
    stream = output.add_stream(codec, rate=sound.rate, layout="mono" if sound.channels == 1 else "stereo")
    stream.codec_context.bit_rate = 128_000
    frame = av.AudioFrame.from_ndarray(_waveform(recipe, sound), "fltp", "mono" if sound.channels == 1 else "stereo")
    frame.sample_rate = sound.rate
    frame.time_base = Fraction(1, sound.rate)
    frame.pts = round((recipe.start + sound.start) * sound.rate)
    output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


def _waveform(recipe: Recipe, sound: Sound) -> np.ndarray:
    end = recipe.duration if sound.end is None else sound.end
    count = round((end - sound.start) * sound.rate)
    if sound.beeps:
        wave = np.zeros(count)
        for time in sound.beeps:
            first = round((time - sound.start) * sound.rate)
            burst = beep(sound.rate)[: max(0, count - first)]
            wave[first : first + len(burst)] = burst
    else:
        wave = np.sin(2 * np.pi * sound.frequency * np.arange(count) / sound.rate)
    return np.tile((wave * sound.amplitude).astype(np.float32), (sound.channels, 1))


def flash_beep_video(path: Path, recipe: Recipe | None = None) -> Path:
    """Draw a video whose picture flashes and whose sound beeps at the same instants, twice a second or nearly so."""
    recipe = recipe or Recipe()
    step = max(4, round(recipe.rate / 2))
    flashes = tuple(
        index for start in range(step, len(recipe.numbers), step) for index in (start, start + 1, start + 2)
    )
    times = recipe.times[recipe.pre_roll :]
    beeps = tuple(times[index] for index in flashes[::3])
    sound = replace(recipe.sound or Sound(), beeps=beeps)
    return make_video(path, replace(recipe, flashes=flashes, sound=sound))


def cached_video(name: str, directory: Path) -> Path:
    """A variant's file, drawn on first use; test processes may share the directory."""
    recipe = VARIANTS[name]
    path = directory / f"{name}.{recipe.container}"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        draft = directory / f".{uuid4().hex}.{recipe.container}"
        make_video(draft, recipe).replace(path)
    return path
