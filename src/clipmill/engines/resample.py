"""Crop and resize one plane of samples from a box with fractional edges.

Convention: a plane is a 2-D array of 8-bit or 10..16-bit samples; sample (i, j) covers [i, i+1) x [j, j+1). The
kernel is swscale's bicubic, widened when shrinking. Outside the plane the edge sample repeats.
"""

from dataclasses import dataclass, replace
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
DRIFT_WORTH_A_PASS = 1 / 20
"""The same for the ends of a plane whose step lies just beside a simple ratio, where no window comes near enough."""


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
        x_step, y_step = across.extent / columns, down.extent / rows
        drifts = _drifts(x, x_step, columns) or _drifts(y, y_step, rows)
        if drifts:
            x, y = _unshifted(x, x_step), _unshifted(y, y_step)
        scaled = self._scaled(_shifted(_window(plane, x, y), x, y, x_step, y_step), x, y)
        if drifts:
            out[:] = _straightened(scaled, (x, across), (y, down), out)
        else:
            out[:] = scaled[y.skip : y.skip + rows, x.skip : x.skip + columns]

    def _scaled(self, view: Plane, x: AxisWindow, y: AxisWindow) -> Plane:
        """The samples of a window at their new size."""
        if x.scaled == x.length and y.scaled == y.length and self._from == self._to:
            return view
        scaled = self._scaler.reformat(
            av.VideoFrame.from_numpy_buffer(cast("Any", view), self._from),
            x.scaled,
            y.scaled,
            self._to,
            interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND,
            src_color_range=ColorRange.MPEG,
            dst_color_range=ColorRange.MPEG,
        )
        return samples(scaled, 0)


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


def _drifts(window: AxisWindow, step: float, count: int) -> bool:
    return window.drift(step, count) > DRIFT_WORTH_A_PASS * max(1.0, step)


def _unshifted(window: AxisWindow, step: float) -> AxisWindow:
    """The window without its shift where the output is finer: there the second reading costs less detail."""
    return replace(window, shift=0.0) if step <= 1 else window


def _straightened(scaled: Plane, x: tuple[AxisWindow, Stretch], y: tuple[AxisWindow, Stretch], out: Plane) -> Plane:
    """The scaled window read once more, at the exact positions."""
    import cv2

    rows, columns = out.shape
    to_scaled = np.zeros((2, 3))
    for axis, (window, wanted), count in ((0, x, columns), (1, y, rows)):
        step = wanted.extent / count
        first, second = (window.scaled_index(wanted.start + (j + 0.5) * step) for j in (0, 1))
        to_scaled[axis, axis], to_scaled[axis, 2] = second - first, first
    flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(scaled, to_scaled, (columns, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return cast("Plane", moved)


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
