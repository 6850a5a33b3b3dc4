"""Pictures drawn slowly and plainly with numpy, to measure the engines against.

Convention: sample (i, j) covers [i, i+1) x [j, j+1); positions are in samples of the source; the kernel is Lanczos-3, widened
where the output is coarser.
"""

from math import ceil

import numpy as np

LOBES = 3


def lanczos(distance: np.ndarray) -> np.ndarray:
    return np.sinc(distance) * np.sinc(distance / LOBES) * (np.abs(distance) < LOBES)


def axis_weights(samples: int, start: float, extent: float, count: int) -> np.ndarray:
    """The weight of every source sample in every output sample; the edge sample repeats."""
    step = extent / count
    scale = max(1.0, step)
    positions = start + (np.arange(count) + 0.5) * step
    reach = ceil(LOBES * scale) + 1
    taps = np.floor(positions)[:, None].astype(int) + np.arange(-reach, reach + 1)
    weights = lanczos((taps + 0.5 - positions[:, None]) / scale)
    weights /= weights.sum(axis=1, keepdims=True)
    table = np.zeros((count, samples))
    np.add.at(
        table, (np.repeat(np.arange(count), taps.shape[1]), np.clip(taps, 0, samples - 1).ravel()), weights.ravel()
    )
    return table


def cropped(plane: np.ndarray, box: tuple[float, float, float, float], shape: tuple[int, int]) -> np.ndarray:
    """The box of a plane (x, y, width, height) at another size (rows, columns)."""
    x, y, width, height = box
    down, across = axis_weights(plane.shape[0], y, height, shape[0]), axis_weights(plane.shape[1], x, width, shape[1])
    return down @ plane.astype(float) @ across.T


def turned(
    plane: np.ndarray, box: tuple[float, float, float, float], shape: tuple[int, int], degrees: float, black: float
) -> np.ndarray:
    """The box of the canvas on which the plane is turned counter-clockwise about its centre."""
    (height, width), (rows, columns) = plane.shape, shape
    right, down = np.meshgrid(
        box[0] + (np.arange(columns) + 0.5) * box[2] / columns - width / 2,
        box[1] + (np.arange(rows) + 0.5) * box[3] / rows - height / 2,
    )
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    x, y = width / 2 + right * cosine - down * sine, height / 2 + right * sine + down * cosine
    scale = max(1.0, box[2] / columns)
    reach = ceil(LOBES * scale) + 1
    total, weights = np.zeros(shape), np.zeros(shape)
    columns_near, rows_near = np.floor(x).astype(int), np.floor(y).astype(int)
    for row in (rows_near + step for step in range(-reach, reach + 1)):
        for column in (columns_near + step for step in range(-reach, reach + 1)):
            weight = lanczos((row + 0.5 - y) / scale) * lanczos((column + 0.5 - x) / scale)
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            sample = plane[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]
            total += weight * np.where(inside, sample, black)
            weights += weight
    return total / weights


def psnr(left: np.ndarray, right: np.ndarray, largest: int = 255) -> float:
    """How alike two pictures are, in decibels; both are rounded to whole levels first."""
    difference = np.rint(np.clip(left, 0, largest)) - np.rint(np.clip(right, 0, largest))
    error = float(np.mean(difference**2))
    return 99.0 if error == 0 else float(10 * np.log10(largest**2 / error))
