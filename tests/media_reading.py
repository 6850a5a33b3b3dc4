"""What a finished file shows and sounds: the numbers of its frames, its flashes, its beeps.

Convention: times are on the container's clock; pictures are turned upright as a player does, samples scaled to 8 bits.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from tests.media_marks import FLASH_LUMA, Box, beep, patch_box, read_frame_number

LEAST_GAP_SECONDS = Fraction(2, 1000)
"""Steps between sound frames below this are rounded stamps, not gaps."""
ENVELOPE_SECONDS = 0.002
LEAST_LIKENESS = 0.8


@dataclass(frozen=True)
class Picture:
    """One displayed frame."""

    time: Fraction
    duration: Fraction
    planes: tuple[np.ndarray, ...]
    displayed: tuple[int, int]

    @property
    def luma(self) -> np.ndarray:
        return self.planes[0]


@dataclass(frozen=True)
class Samples:
    """Decoded sound: channels x samples, the first one at ``start``."""

    start: Fraction
    rate: int
    channels: np.ndarray

    @property
    def end(self) -> Fraction:
        return self.start + Fraction(self.channels.shape[1], self.rate)

    def at(self, time: Fraction | float) -> int:
        """The sample that sounds at a time."""
        return round((time - self.start) * self.rate)


def pictures(path: Path) -> Iterator[Picture]:
    """Yield the frames that a player shows, upright."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        for frame in container.decode(stream):
            planes = tuple(np.rot90(plane, frame.rotation // 90) for plane in _planes(frame))
            wide = round(frame.width * (stream.sample_aspect_ratio or 1)), frame.height
            displayed = wide[::-1] if frame.rotation % 180 else wide
            base = frame.time_base
            yield Picture(frame.pts * base, (frame.duration or 0) * base, planes, displayed)


def _planes(frame: Any) -> list[np.ndarray]:
    planar = frame if frame.format.name.startswith("yuv") else frame.reformat(format="yuv444p")
    depth = planar.format.components[0].bits
    kind = np.dtype("<u2" if depth > 8 else np.uint8)
    rows = [np.frombuffer(plane, kind).reshape(plane.height, -1)[:, : plane.width] for plane in planar.planes]
    return [plane / (1 << (depth - 8)) if depth > 8 else plane.copy() for plane in rows]


def frame_numbers(
    path: Path, size: tuple[int, int] | None = None, box: Box | None = None, degrees: float = 0.0
) -> list[int]:
    """The number on each frame that a player shows; the view is that of `read_frame_number`."""
    return [read_frame_number(picture.luma, size or picture.displayed, box, degrees) for picture in pictures(path)]


def read_patch(picture: Picture, index: int, count: int) -> tuple[float, ...]:
    """The mean Y, Cb, Cr of a colour patch, away from its edges."""
    box = patch_box(picture.displayed, index, count)
    levels: list[float] = []
    for plane in picture.planes:
        across, down = plane.shape[1] / picture.displayed[0], plane.shape[0] / picture.displayed[1]
        columns = slice(int((box.x + box.width * 0.25) * across), int((box.x + box.width * 0.75) * across))
        levels.append(float(plane[int(box.height * 0.25 * down) : int(box.height * 0.75 * down), columns].mean()))
    return tuple(levels)


def find_flashes(path: Path) -> list[Fraction]:
    """When the picture turns white: the time of the first frame of each flash."""
    onsets: list[Fraction] = []
    white = False
    for picture in pictures(path):
        # The code and the bar cover less than half of any view, so the middle value is the ground.
        was, white = white, float(np.median(picture.luma)) > (FLASH_LUMA + 160) / 2
        if white and not was:
            onsets.append(picture.time)
    return onsets


def read_sound(path: Path) -> Samples:
    """The whole sound track, silence where it has gaps."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        to_planar = av.AudioResampler("fltp")
        placed = [
            (frame.pts * frame.time_base, frame)
            for coded in container.decode(stream)
            for frame in to_planar.resample(coded)
        ]
        rate = stream.rate
    parts: list[np.ndarray] = []
    start = placed[0][0]
    length = 0
    for time, frame in placed:
        gap = time - start - Fraction(length, rate)
        if gap > LEAST_GAP_SECONDS:
            parts.append(np.zeros((parts[-1].shape[0], round(gap * rate)), np.float32))
            length += parts[-1].shape[1]
        parts.append(frame.to_ndarray())
        length += parts[-1].shape[1]
    return Samples(start, rate, np.concatenate(parts, axis=1))


def find_beeps(path: Path) -> list[float]:
    """When beeps begin: to the sample where they are as drawn, to about two milliseconds where their tempo was changed."""
    sound = read_sound(path)
    wave = sound.channels.mean(axis=0)
    window = round(ENVELOPE_SECONDS * sound.rate)
    envelope = np.sqrt(np.convolve(wave**2, np.full(window, 1 / window), "same"))
    loud = envelope > envelope.max() / 2
    onsets = [
        index
        for index in np.flatnonzero(loud[1:] & ~loud[:-1]) + 1
        if not loud[max(0, index - 3 * window) : index].any()
    ]
    return [float(sound.start) + _aligned(wave, int(index), sound.rate) / sound.rate for index in onsets]


def _aligned(wave: np.ndarray, onset: int, rate: int) -> int:
    """The sample near ``onset`` where a drawn beep fits best, or ``onset`` where none fits."""
    template = beep(rate)
    reach = round(0.01 * rate)
    first, last = onset - reach, onset + reach + len(template)
    heard = np.pad(wave[max(0, first) : last], (max(0, -first), max(0, last - len(wave))))
    likeness = np.correlate(heard, template, "valid")
    best = int(likeness.argmax())
    matched = heard[best : best + len(template)]
    strength = float(np.linalg.norm(matched) * np.linalg.norm(template))
    return onset + best - reach if strength and likeness[best] / strength > LEAST_LIKENESS else onset
