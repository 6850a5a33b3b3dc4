"""What a file shows, sounds and is made of, down to its coded slices and its sample tables.

Convention: times are exact seconds from the first displayed picture; what an edit list hides lies before 0. Samples of sound
are 48 kHz mono on the same clock.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import av
import av.error
import av.logging
import numpy as np
from tests.coded_factory import find_ffmpeg
from tests.media_factory import read_frame_number, read_sound
from tests.media_reading import Picture, pictures
from tests.workflows.clips import boxes

SOUND_RATE = 48_000
SEQUENCE_SET = {"h264": 7, "hevc": 33}
IDR = {"h264": {5}, "hevc": {19, 20}}
SLICES = {"h264": range(1, 6), "hevc": range(32)}


@dataclass(frozen=True)
class Coded:
    """A coded picture, in decoding order."""

    time: Fraction
    is_key: bool
    kinds: tuple[int, ...]
    """The kinds of its slices, as the codec numbers them."""
    slices: tuple[bytes, ...]
    """Its coded slices, without lengths, start codes and parameter sets: alike in every container."""
    sequence_sets: tuple[bytes, ...]
    """The sequence parameter sets that stand with it."""


@dataclass(frozen=True)
class Look:
    """How the pictures are stored; the colours are code points of H.273."""

    pixel_format: str
    matrix: int
    primaries: int
    transfer: int
    full_range: bool
    size: tuple[int, int]
    sample_aspect: Fraction
    rotation: int
    entries: int
    """How many sample entries describe them; 1 where the container has none."""
    out_of_band: bool
    """Whether the parameter sets stand beside the pictures, as MP4 wants them, and not in the stream."""


@dataclass(frozen=True)
class Movie:
    """A file, read when it is first asked."""

    path: Path

    @cached_property
    def pictures(self) -> list[Picture]:
        """What a player shows; times as the file has them."""
        return list(pictures(self.path))

    @cached_property
    def start(self) -> Fraction:
        """When the first picture is shown, on the file's own clock."""
        return self.pictures[0].time

    @cached_property
    def times(self) -> list[Fraction]:
        return [picture.time - self.start for picture in self.pictures]

    @cached_property
    def numbers(self) -> list[int]:
        return [read_frame_number(picture.luma, picture.displayed) for picture in self.pictures]

    @property
    def shown(self) -> list[tuple[Fraction, int]]:
        """When each number is shown."""
        return list(zip(self.times, self.numbers, strict=True))

    @cached_property
    def duration(self) -> Fraction:
        """Until the last picture goes, which stays its own time or, where the file does not say, the average one."""
        last = self.pictures[-1].duration or self.times[-1] / max(1, len(self.times) - 1)
        return self.times[-1] + last

    @property
    def rate(self) -> Fraction:
        return len(self.times) / self.duration

    @cached_property
    def tolerance(self) -> Fraction:
        return min(Fraction(1, 1000), 1 / (4 * self.rate))

    @cached_property
    def coded(self) -> list[Coded]:
        with av.open(str(self.path)) as container:
            stream = container.streams.video[0]
            codec = stream.codec_context.codec.canonical_name
            length = _length_size(stream.codec_context.extradata, codec)
            packets = [packet for packet in container.demux(stream) if packet.size]
            return [self._coded(packet, codec, length) for packet in packets]

    def _coded(self, packet: Any, codec: str, length: int) -> Coded:
        units = [(_kind(unit, codec), unit) for unit in _units(bytes(packet), length) if unit]
        slices = [(kind, unit) for kind, unit in units if kind in SLICES[codec]]
        kinds, payloads = zip(*slices, strict=True)
        sets = tuple(unit for kind, unit in units if kind == SEQUENCE_SET[codec])
        return Coded(packet.pts * packet.time_base - self.start, packet.is_keyframe, kinds, payloads, sets)

    @cached_property
    def look(self) -> Look:
        with av.open(str(self.path)) as container:
            stream = container.streams.video[0]
            frame = next(container.decode(stream))
            context = stream.codec_context
            return Look(
                frame.format.name.replace("yuvj", "yuv"),
                frame.colorspace,
                frame.color_primaries,
                frame.color_trc,
                frame.color_range == 2,
                (frame.width, frame.height),
                stream.sample_aspect_ratio or Fraction(1),
                frame.rotation,
                _count_entries(self.path),
                _length_size(context.extradata, context.codec.canonical_name) > 0,
            )

    @cached_property
    def codec(self) -> str:
        with av.open(str(self.path)) as container:
            return container.streams.video[0].codec_context.codec.canonical_name

    @cached_property
    def closed_groups(self) -> list[tuple[Fraction, Fraction]]:
        """From when to when each group is shown that no other one refers to or reaches into, and that is shown whole."""
        keys = [index for index, coded in enumerate(self.coded) if coded.is_key]
        closed = {index for index in keys if set(self.coded[index].kinds) <= IDR[self.codec]}
        edges = [*keys, len(self.coded)]
        spans = [
            (self.coded[first].time, self.duration if last == len(self.coded) else self.coded[last].time)
            for first, last in pairwise(edges)
            if first in closed and (last in closed or last == len(self.coded))
        ]
        return [span for span in spans if span[0] >= 0]

    @cached_property
    def sound_codec(self) -> str | None:
        with av.open(str(self.path)) as container:
            tracks = container.streams.audio
            return tracks[0].codec_context.codec.canonical_name if tracks else None

    @cached_property
    def sound_tick(self) -> Fraction:
        """One unit of the sound's clock: some containers count milliseconds only."""
        with av.open(str(self.path)) as container:
            tracks = container.streams.audio
            return (tracks[0].time_base if tracks else None) or Fraction(0)

    @property
    def key_times(self) -> set[Fraction]:
        return {coded.time for coded in self.coded if coded.is_key}

    @cached_property
    def sound(self) -> tuple[Fraction, np.ndarray] | None:
        """When the sound begins, and its samples."""
        with av.open(str(self.path)) as container:
            if not container.streams.audio:
                return None
        heard = read_sound(self.path)
        wave = np.ascontiguousarray(heard.channels.mean(axis=0, keepdims=True), np.float32)
        return heard.start - self.start, _at_48k(wave, heard.rate)

    @cached_property
    def heard(self) -> np.ndarray:
        """The sound from time 0 on, silence where the file has none."""
        start, wave = self.sound or (Fraction(0), np.zeros(0, np.float32))
        lead = round(start * SOUND_RATE)
        return np.pad(wave, (lead, 0)) if lead >= 0 else wave[-lead:]

    @property
    def sound_end(self) -> Fraction:
        start, wave = self.sound or (Fraction(0), np.zeros(0))
        return start + Fraction(len(wave), SOUND_RATE)


@lru_cache(maxsize=4)
def source_movie(path: Path) -> Movie:
    """A source, read once for all that is made from it."""
    return Movie(path)


def _count_entries(path: Path) -> int:
    """The largest number of sample entries that a track of an MP4 has."""
    tables = boxes(path.read_bytes(), b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
    return max((int.from_bytes(table[4:8]) for table in tables), default=1)


def _at_48k(wave: np.ndarray, rate: int) -> np.ndarray:
    if rate == SOUND_RATE:
        return wave[0]
    frame = av.AudioFrame.from_ndarray(wave, "fltp", "mono")
    frame.sample_rate = rate
    to_48k = av.AudioResampler("fltp", "mono", SOUND_RATE)
    parts = [*to_48k.resample(frame), *to_48k.resample(None)]
    return np.concatenate([part.to_ndarray()[0] for part in parts])


def _length_size(extradata: bytes | None, codec: str) -> int:
    """How many bytes tell a unit's length; 0 where start codes part the units."""
    if not extradata or extradata[0] != 1:
        return 0
    return (extradata[4 if codec == "h264" else 21] & 3) + 1


def _units(data: bytes, length: int) -> Iterator[bytes]:
    if length == 0:
        # A unit ends in a bit that is set: zeros before a start code belong to the code.
        yield from (unit.rstrip(b"\0") for unit in data.split(b"\0\0\1")[1:])
        return
    place = 0
    while place < len(data):
        size = int.from_bytes(data[place : place + length])
        yield data[place + length : place + length + size].rstrip(b"\0")
        place += length + size


def _kind(unit: bytes, codec: str) -> int:
    return unit[0] & 31 if codec == "h264" else unit[0] >> 1 & 63


# Sample tables


def box_names(path: Path) -> list[str]:
    """The boxes of the file's top level."""
    names, place, data = [], 0, path.read_bytes()
    while place + 8 <= len(data):
        size = int.from_bytes(data[place : place + 4])
        names.append(data[place + 4 : place + 8].decode())
        place += size if size != 1 else int.from_bytes(data[place + 8 : place + 16])
    return names


def decode_steps(path: Path) -> list[list[int]]:
    """For each track, the ticks between the decode times of its samples."""
    tables = boxes(path.read_bytes(), b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stts")
    return [_steps(table)[:-1] for table in tables]


def _steps(table: bytes) -> list[int]:
    entries = np.frombuffer(table[8:], ">u4").reshape(-1, 2).tolist()
    return [step for count, step in entries for _ in range(count)]


def decode_times(path: Path) -> list[list[int]]:
    """For each track, the ticks at which its samples are decoded."""
    return [list(accumulate(steps, initial=0)) for steps in decode_steps(path)]


# Decoders


def complaints(path: Path) -> list[str]:
    """What a decoder that forgives nothing finds wrong with the picture and the sound."""
    level = av.logging.get_level()
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture(local=False) as said:
            found = list(_faults(path))
        return found + [f"{name}: {message.strip()}" for _, name, message in said]
    finally:
        av.logging.set_level(level)


def _faults(path: Path) -> Iterator[str]:
    with av.open(str(path)) as container:
        for stream in container.streams:
            stream.codec_context.options = {"err_detect": "explode+crccheck+bitstream+buffer"}
            stream.codec_context.thread_count = 1
        for packet in container.demux():
            try:
                yield from (f"damaged: {frame}" for frame in packet.decode() if getattr(frame, "is_corrupt", False))
            except av.error.FFmpegError as error:
                yield f"packet at {packet.pts}: {error}"


def program_complaints(path: Path) -> str:
    """What the ffmpeg program finds wrong, where it is installed."""
    program = find_ffmpeg()
    if program is None:
        return ""
    command = [program, "-v", "error", "-xerror", "-err_detect", "explode", "-i", path, "-fps_mode", "passthrough"]
    # The ticks of the file, or stamps of a variable rate would fall together.
    ended = subprocess.run(
        [*command, "-enc_time_base", "-1", "-f", "null", "-"], capture_output=True, text=True, check=False
    )
    return ended.stderr if ended.returncode == 0 else f"{ended.stderr} (ended with {ended.returncode})"
