"""Crop and resize one plane of samples from a box with fractional edges.

Convention: a plane is a 2-D array of 8-bit or 10..16-bit samples; sample (i, j) covers [i, i+1) x [j, j+1). The
kernel is swscale's bicubic, widened when shrinking. Outside the plane the edge sample repeats.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import av
import numpy as np
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from numpy.typing import NDArray

from clipmill.engines.axis import AxisWindow, axis_window

Plane = NDArray[np.uint8 | np.uint16]

SHIFT_WORTH_A_PASS = 1 / 30
"""Source samples of misplacement from which the plane is shifted first; below, nobody can measure it."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Along one axis: where reading starts and how many source samples the whole output spans."""

    start: float
    extent: float


class PlaneResampler:
    """Resamples planes of one kind; keeps the scaler's tables while the window stays the same."""

    def __init__(self, bits: int = 8, out_bits: int | None = None) -> None:
        self._from, self._to = _grey(bits), _grey(out_bits or bits)
        self._scaler = VideoReformatter()

    def resample(self, plane: Plane, across: Stretch, down: Stretch, out: Plane) -> None:
        """Fill ``out`` (height, width) with the box of ``plane``."""
        rows, columns = out.shape
        x = axis_window(across.start, across.extent, columns, plane.shape[1])
        y = axis_window(down.start, down.extent, rows, plane.shape[0])
        view = _shifted(_window(plane, x, y), x, y, across.extent / columns, down.extent / rows)
        if x.scaled == x.length and y.scaled == y.length and self._from == self._to:
            out[:] = view[y.skip : y.skip + rows, x.skip : x.skip + columns]
            return
        scaled = self._scaler.reformat(
            av.VideoFrame.from_numpy_buffer(cast("Any", view), self._from),
            x.scaled,
            y.scaled,
            self._to,
            interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND,
            src_color_range=ColorRange.MPEG,
            dst_color_range=ColorRange.MPEG,
        )
        out[:] = samples(scaled, 0)[y.skip : y.skip + rows, x.skip : x.skip + columns]


def _grey(bits: int) -> str:
    return "gray" if bits == 8 else f"gray{bits}le"


def samples(frame: av.VideoFrame, index: int) -> Plane:
    """One plane of a frame as an array that shares its memory, padding left out."""
    plane = frame.planes[index]
    wide = frame.format.components[index].bits > 8
    kind = np.uint16 if wide else np.uint8
    rows = np.frombuffer(memoryview(plane), kind).reshape(plane.height, -1)
    return rows[:, : plane.width]


def _window(plane: Plane, x: AxisWindow, y: AxisWindow) -> Plane:
    """The samples of a window; where it leaves the plane, the edge is repeated."""
    height, width = plane.shape
    left, right = max(x.first, 0), min(x.first + x.length, width)
    top, bottom = max(y.first, 0), min(y.first + y.length, height)
    inside = plane[top:bottom, left:right]
    above, below = top - y.first, y.first + y.length - bottom
    before, after = left - x.first, x.first + x.length - right
    if not (above or below or before or after):
        return inside
    return np.pad(inside, ((above, below), (before, after)), mode="edge")


def _shifted(view: Plane, x: AxisWindow, y: AxisWindow, x_step: float, y_step: float) -> Plane:
    """The view moved by what the scaler cannot reach by itself."""
    across = x.shift if abs(x.shift) > SHIFT_WORTH_A_PASS * max(1.0, x_step) else 0.0
    down = y.shift if abs(y.shift) > SHIFT_WORTH_A_PASS * max(1.0, y_step) else 0.0
    if not across and not down:
        return view
    import cv2

    moved = cv2.sepFilter2D(view, -1, _shift_kernel(across), _shift_kernel(down), borderType=cv2.BORDER_REPLICATE)
    return cast("Plane", moved)


@lru_cache(maxsize=256)
def _shift_kernel(shift: float) -> NDArray[np.float32]:
    """Lanczos-3 taps that read ``shift`` samples further on."""
    if not shift:
        return np.ones(1, np.float32)
    distance = np.arange(-3, 4) - shift
    taps = np.sinc(distance) * np.sinc(distance / 3) * (np.abs(distance) < 3)
    return (taps / taps.sum()).astype(np.float32)
