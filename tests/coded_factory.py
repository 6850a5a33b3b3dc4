"""Small marked videos of every coding structure that a copier of groups of pictures meets.

Convention: times are seconds on the video's own clock, as in the media factory. Every picture carries its number, and the sound is
a row of rising tones, each unlike its neighbours, whose phase follows from that clock: a piece of it fits at one place only.

    path = STRUCTURES["open_gop"](directory / "source.mp4")
    assert frame_numbers(path) == list(range(60))
"""

import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from itertools import pairwise
from math import lcm
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import av
import numpy as np
import pytest
from tests.media_factory import drawn_planes
from tests.media_recipes import BT601, IRREGULAR_MS, NTSC, PATCHES, Colour, Recipe, Sound
from tests.sample_entries import with_second_entry

SIZE = (160, 96)
RATE = Fraction(25)
TONE_SECONDS = 0.25
KINDS_OF_TONE = 11


@dataclass(frozen=True)
class Structure:
    """What to draw and how its pictures are coded and stamped."""

    recipe: Recipe
    params: str = ""
    """Parameters of x264 or x265; what is not named is as the encoder has it."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Options of the encoder: its profile, its preset."""
    unit: Fraction | None = None
    """One tick of the picture's clock; the coarsest exact one unless given."""
    mux: Mapping[str, str] = field(default_factory=dict)
    """Options of the container."""

    def __call__(self, path: Path) -> Path:
        muxer = {"mkv": "matroska", "ts": "mpegts"}.get(self.recipe.container, self.recipe.container)
        with av.open(str(path), "w", format=muxer, options=self._container_options()) as output:
            picture = self._add_picture(output)
            if self.recipe.sound:
                _write_sound(output, self.recipe, self.recipe.sound)
            self._write_pictures(output, picture)
        return path

    def _container_options(self) -> dict[str, str]:
        if self.recipe.container not in ("mp4", "mov"):
            return dict(self.mux)
        # The track's clock counts the picture's own ticks, where the muxer would choose finer ones.
        clock = {"video_track_timescale": str(self.base.denominator)} if self.unit else {}
        movie = {"movie_timescale": str(self.recipe.sound.rate)} if self.recipe.sound else {}
        return {"movflags": "faststart", **clock, **movie, **self.mux}

    @property
    def base(self) -> Fraction:
        times = [self.recipe.start, *self.recipe.times, *self.recipe.durations]
        return self.unit or Fraction(1, lcm(*(time.denominator for time in times)))

    def _add_picture(self, output: Any) -> Any:
        recipe = self.recipe
        coder = {"libx264": "x264-params", "libx265": "x265-params"}[recipe.codec]
        quiet = "log-level=error:pools=none:frame-threads=1" if recipe.codec == "libx265" else ""
        params = ":".join(filter(None, (self.params, quiet)))
        options = {"crf": "20", "preset": "fast", **self.options} | ({coder: params} if params else {})
        stream = output.add_stream(recipe.codec, rate=recipe.rate, options=options)
        context = stream.codec_context
        context.width, context.height = recipe.size
        context.pix_fmt, context.time_base = recipe.pixel_format, self.base
        context.sample_aspect_ratio, context.thread_count = recipe.sample_aspect, 1
        context.colorspace = recipe.colour.matrix.code
        context.color_primaries, context.color_trc = recipe.colour.primaries, recipe.colour.transfer
        context.color_range = 2 if recipe.colour.full_range else 1
        if recipe.rotation:
            stream.set_display_rotation(-recipe.rotation)
        return stream

    def _write_pictures(self, output: Any, stream: Any) -> None:
        recipe, base = self.recipe, self.base
        edges = [*recipe.times, recipe.times[-1] + recipe.durations[-1]]
        ticks = [round((recipe.start + time) / base) for time in edges]
        durations = {tick: after - tick for tick, after in pairwise(ticks)}

        def mux(packets: Iterable[Any]) -> None:
            for packet in packets:
                packet.duration = durations[packet.pts]
                output.mux(packet)

        for tick, frame in zip(ticks, _frames(recipe), strict=False):
            frame.pts, frame.time_base = tick, base
            mux(stream.encode(frame))
        mux(stream.encode(None))


def _frames(recipe: Recipe) -> Iterator[Any]:
    kind: Any = np.uint16 if "10" in recipe.pixel_format else np.uint8
    for planes in drawn_planes(recipe):
        packed = np.concatenate([plane.ravel() for plane in planes]).astype(kind)
        frame = av.VideoFrame.from_ndarray(packed.reshape(-1, recipe.size[0]), recipe.pixel_format)
        frame.colorspace, frame.color_range = recipe.colour.matrix.code, 2 if recipe.colour.full_range else 1
        yield frame


def signal(times: np.ndarray) -> np.ndarray:
    """The sound at these times: a rising tone each quarter of a second, eleven kinds in a row."""
    kind = np.floor(times / TONE_SECONDS)
    since = times - kind * TONE_SECONDS
    low, high = 300.0 + 40.0 * (kind % 7), 3000.0 + 400.0 * (kind % KINDS_OF_TONE)
    return 0.4 * np.sin(2 * np.pi * (low + (high - low) / (2 * TONE_SECONDS) * since) * since)


def _write_sound(output: Any, recipe: Recipe, sound: Sound) -> None:
    codec = sound.codec or "aac"
    # Noise that the decoder makes up itself would differ between two decodings of the same packets.
    options = {"aac_pns": "0"} if codec == "aac" else {}
    layout = "mono" if sound.channels == 1 else "stereo"
    stream = output.add_stream(codec, rate=sound.rate, layout=layout, options=options)
    if not codec.startswith("pcm"):
        stream.codec_context.bit_rate = 128_000
    end = recipe.duration if sound.end is None else sound.end
    times = float(sound.start) + np.arange(round((end - sound.start) * sound.rate)) / sound.rate
    wave = np.tile(signal(times).astype(np.float32), (sound.channels, 1))
    frame = av.AudioFrame.from_ndarray(wave, "fltp", layout)
    frame.sample_rate, frame.time_base = sound.rate, Fraction(1, sound.rate)
    frame.pts = round((recipe.start + sound.start) * sound.rate)
    output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


def find_ffmpeg() -> str | None:
    """The ffmpeg program, where it is installed."""
    return shutil.which("ffmpeg")


def cut_by_ffmpeg(source: Structure, path: Path, at: str = "1.1") -> Path:
    """What ``ffmpeg -ss -c copy`` leaves: the pictures from the key frame before the cut on, hidden by an edit list."""
    program = find_ffmpeg()
    if program is None:
        pytest.skip("needs the ffmpeg program")
    whole = source(path.with_name(f".whole-{path.name}"))
    subprocess.run(
        [program, "-v", "error", "-y", "-ss", at, "-i", whole, "-c", "copy", "-movflags", "+faststart", path],
        check=True,
    )
    whole.unlink()
    return path


def joined_encodes(first: Structure, second: Structure, path: Path) -> Path:
    """Two encodes in one track: the second one's parameter sets stand in its first picture."""
    # A transport stream moves what would be decoded before 0: a second is ahead of every reordering.
    ahead = Fraction(1)
    parts = _parts(first, second, path, starts=(ahead, ahead + first.recipe.duration))
    return _in_one_track(path, parts, (-ahead, -ahead), {"movflags": "faststart"})


def joined_entries(first: Structure, second: Structure, path: Path) -> Path:
    """Two encodes in one track with a sample entry for each."""
    parts = _parts(first, second, path)
    described = parts[1].read_bytes()
    _in_one_track(path, parts, (Fraction(0), first.recipe.duration), {})
    return with_second_entry(path, described, first.recipe.frames)


def _parts(
    first: Structure, second: Structure, path: Path, starts: Sequence[Fraction] = (Fraction(0), Fraction(0))
) -> list[Path]:
    """The files of two encodes, the numbers of the second one following those of the first."""
    numbers = 0, first.recipe.frames
    parts: list[Path] = []
    for structure, start, number in zip((first, second), starts, numbers, strict=True):
        recipe = replace(structure.recipe, start=start, first_number=number)
        parts.append(replace(structure, recipe=recipe)(path.with_name(f".{number}-{path.name}")))
    return parts


def _in_one_track(path: Path, parts: Sequence[Path], shifts: Sequence[Fraction], options: dict[str, str]) -> Path:
    """Move the pictures of files into one track, each by its own time."""
    with av.open(str(path), "w", options=options) as output:
        with av.open(str(parts[0])) as model:
            track = output.add_stream_from_template(model.streams.video[0])
        for part, shift in zip(parts, shifts, strict=True):
            _append(output, track, part, shift)
            part.unlink()
    return path


def _append(output: Any, track: Any, part: Path, shift: Fraction) -> None:
    with av.open(str(part)) as source:
        stream: Any = source.streams.video[0]
        ticks = round(shift / stream.time_base)
        for packet in source.demux(stream):
            if packet.size:
                packet.pts, packet.dts, packet.stream = packet.pts + ticks, packet.dts + ticks, track
                output.mux(packet)


def _recipe(frames: int = 60, **changes: Any) -> Recipe:
    values: dict[str, Any] = {"size": SIZE, "rate": RATE, "frames": frames, "sound": Sound()}
    return Recipe(**(values | changes))


SHORT = "keyint=12:min-keyint=12:scenecut=0"
CLOSED = f"{SHORT}:open-gop=0"
OPEN = f"{SHORT}:open-gop=1"
MILLISECOND, TICK_90K = Fraction(1, 1000), Fraction(1, 90_000)
IRREGULAR = tuple(Fraction(ms + 1500 * turn, 1000) for turn in range(2) for ms in IRREGULAR_MS)
FINE = {"crf": "8"}
TV_601 = Colour(BT601, primaries=6, transfer=6)


def _h264(params: str = CLOSED, frames: int = 60, **changes: Any) -> Structure:
    return Structure(_recipe(frames, **changes), params)


def _h265(params: str, **changes: Any) -> Structure:
    return Structure(_recipe(codec="libx265", **changes), params, {"preset": "ultrafast"})


def _sounding(codec: str | None = None, container: str = "mp4", **sound: Any) -> Structure:
    return _h264(container=container, sound=Sound(codec=codec, **sound))


PICTURE_STRUCTURES: dict[str, Structure] = {
    "x264_defaults": Structure(_recipe(270, rate=Fraction(30))),
    "closed": _h264(),
    "open": _h264(OPEN),
    "no_b_frames": _h264(f"{CLOSED}:bframes=0"),
    "deep_b_frames": _h264("keyint=20:min-keyint=20:scenecut=0:bframes=8:b-adapt=0:b-pyramid=normal:ref=16"),
    "baseline": Structure(_recipe(), CLOSED, {"profile": "baseline"}),
    "main": Structure(_recipe(), CLOSED, {"profile": "main"}),
    "intra_only": _h264("keyint=1"),
    "weighted": _h264(f"{CLOSED}:weightp=2:weightb=1:bframes=2", flashes=(20, 21, 22, 40, 41)),
    "many_references": _h264(f"{CLOSED}:ref=16"),
    "many_slices": _h264(f"{CLOSED}:slices=3"),
    "access_delimiters": _h264(f"{CLOSED}:aud=1:nal-hrd=vbr:vbv-maxrate=2000:vbv-bufsize=2000"),
    "variable_rate": _h264("keyint=8:min-keyint=8:scenecut=0:bframes=2", pts=IRREGULAR),
    "variable_rate_90k": replace(_h264("keyint=8:min-keyint=8:scenecut=0:bframes=2", pts=IRREGULAR), unit=TICK_90K),
    "ticks_of_90k": replace(_h264(rate=NTSC), unit=TICK_90K),
    "ticks_of_ms": replace(_h264(rate=Fraction(30)), unit=MILLISECOND),
    "ticks_of_12800": replace(_h264(), unit=Fraction(1, 12_800)),
    "rate_23_976": _h264(rate=Fraction(24_000, 1001)),
    "rate_50": _h264(rate=Fraction(50)),
    "rate_60": _h264(rate=Fraction(60)),
    "h264_10_bit": _h264(pixel_format="yuv420p10le"),
    "x265_defaults": _h265("keyint=24:min-keyint=24:scenecut=0"),
    "x265_closed": _h265(f"{CLOSED}:bframes=2"),
    "x265_10_bit": _h265(f"{CLOSED}:bframes=2", pixel_format="yuv420p10le"),
    "pre_roll": _h264(pre_roll=7),
    "late_start": _h264(start=Fraction(3, 2)),
    "late_start_mkv": _h264(start=Fraction(3, 2), container="mkv"),
    "negative_offsets": replace(_h264(), mux={"movflags": "faststart+negative_cts_offsets"}),
    "mkv": _h264(rate=NTSC, container="mkv"),
    "mov": _h264(container="mov"),
    "transport_stream": _h264(container="ts"),
    "transport_stream_open": _h264(OPEN, container="ts"),
    "fragmented": replace(_h264(), mux={"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
    "index_last": replace(_h264(), mux={"movflags": "0"}),
    "full_range": replace(_h264(colour=Colour(full_range=True), patches=PATCHES), options=FINE),
    "bt601": replace(_h264(colour=TV_601, patches=PATCHES), options=FINE),
    "rotated_90": _h264(size=(96, 160), rotation=90),
    "wide_pixels": _h264(size=(96, 96), sample_aspect=Fraction(2)),
}

SOUND_STRUCTURES: dict[str, Structure] = {
    "aac_44100": _sounding(rate=44_100),
    "aac_44100_mono": _sounding(rate=44_100, channels=1),
    "silent": _h264(sound=None),
    "late_audio": _sounding(start=Fraction(1, 2)),
    "short_audio": _sounding(end=Fraction(3, 2)),
    "long_audio": _sounding(end=Fraction(3)),
    "mp3": _sounding("libmp3lame"),
    "opus": _sounding("libopus"),
    "pcm": _sounding("pcm_s16le", "mov"),
}

FIRST_HALF = _h264(frames=30, sound=None)
SECOND_HALF = _h264(f"{SHORT}:ref=5:cabac=0:8x8dct=0", frames=30, sound=None)


def _in_stream(structure: Structure) -> Structure:
    return replace(structure, recipe=replace(structure.recipe, container="ts"))


STRUCTURES: Mapping[str, Callable[[Path], Path]] = MappingProxyType(
    {
        **PICTURE_STRUCTURES,
        **SOUND_STRUCTURES,
        "cut_by_ffmpeg": partial(cut_by_ffmpeg, _h264(frames=84)),
        "cut_by_ffmpeg_open": partial(cut_by_ffmpeg, _h264(OPEN, 84)),
        "two_parameter_sets": partial(joined_encodes, _in_stream(FIRST_HALF), _in_stream(SECOND_HALF)),
        "two_sample_entries": partial(joined_entries, FIRST_HALF, SECOND_HALF),
    }
)
"""How to make the file of each structure."""

FILE_ENDINGS = {"mkv": "mkv", "ts": "ts", "mov": "mov"}


def coded_video(name: str, directory: Path) -> Path:
    """A structure's file, made on first use; test processes may share the directory."""
    make = STRUCTURES[name]
    ending = make.recipe.container if isinstance(make, Structure) else "mp4"
    path = directory / f"{name}.{ending}"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        make(directory / f"{uuid4().hex}.{ending}").replace(path)
    return path
