"""High dynamic range to BT.709, as one three-dimensional table per transfer function.

Light is measured against diffuse white, 203 cd/m2 (ITU-R BT.2408). Up to half of it the picture keeps its contrast;
above, an exponential shoulder runs to the display's white without ever reaching it, so nothing below diffuse white is
clipped and brighter is always brighter. Colours outside BT.709 are pulled towards their own luminance until they fit.
Transfer functions: SMPTE ST 2084 (PQ) and ITU-R BT.2100 HLG with its display gamma for 1000 cd/m2; the output is coded
for a BT.1886 display.
"""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DIFFUSE_WHITE = 203.0
HLG_PEAK = 1000.0
HLG_GAMMA = 1.2
DISPLAY_GAMMA = 2.4
EXPOSURE = 0.8
"""The share of the display's white that diffuse white would take without the shoulder."""
KNEE = 0.4
EDGE = 49
"""Points of the table along each axis."""
BT2020_TO_709 = np.array(
    [[1.660491, -0.587641, -0.072850], [-0.124550, 1.132900, -0.008349], [-0.018151, -0.100579, 1.118730]],
)
LUMA_709 = np.array([0.2126, 0.7152, 0.0722])
LUMA_2020 = np.array([0.2627, 0.6780, 0.0593])

Values = NDArray[np.float64]


def pq_light(signal: Values) -> Values:
    """cd/m2 of a PQ signal 0..1."""
    m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
    root = np.power(signal, 1 / m2)
    return 10000.0 * np.power(np.maximum(root - c1, 0) / (c2 - c3 * root), 1 / m1)


def hlg_light(signal: Values) -> Values:
    """cd/m2, on a display of ``HLG_PEAK``, of an HLG signal 0..1; the last axis is R, G, B."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    luminance = (scene @ LUMA_2020)[..., None]
    return HLG_PEAK * scene * np.power(np.maximum(luminance, 1e-9), HLG_GAMMA - 1)


def sdr_light(light: Values) -> Values:
    """Display light 0..1 in BT.709 of light in cd/m2 in BT.2020."""
    relative = light / DIFFUSE_WHITE @ BT2020_TO_709.T
    luminance = np.maximum(relative @ LUMA_709, 0.0)[..., None]
    lowest = relative.min(axis=-1, keepdims=True)
    keep = np.where(lowest < 0, luminance / np.maximum(luminance - lowest, 1e-12), 1.0)
    inside = luminance + (relative - luminance) * keep
    brightest = np.maximum(inside.max(axis=-1, keepdims=True), 1e-12)
    return inside * (shoulder(brightest) / brightest)


def shoulder(relative: Values) -> Values:
    """The tone curve: display light of light relative to diffuse white; rising everywhere, below 1 everywhere."""
    exposed = EXPOSURE * relative
    bent = KNEE + (1 - KNEE) * (1 - np.exp(-np.maximum(exposed - KNEE, 0) / (1 - KNEE)))
    return np.where(exposed <= KNEE, exposed, bent)


@cache
def sdr_colours(transfer: str) -> Values:
    """Coded BT.709 R'G'B' of coded HDR R'G'B', at ``EDGE`` steps of blue, green and red: (blue, green, red, 3)."""
    steps = np.linspace(0.0, 1.0, EDGE)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    signal = np.stack([red, green, blue], axis=-1)
    light = pq_light(signal) if transfer == "pq" else hlg_light(signal)
    return np.power(np.clip(sdr_light(light), 0.0, 1.0), 1 / DISPLAY_GAMMA)


@cache
def sdr_table(transfer: str) -> Path:
    """The same as a ``.cube`` file, red first; written once per process, gone at its end."""
    coded = sdr_colours(transfer).reshape(-1, 3)
    folder = Path(tempfile.mkdtemp(prefix="clipmill-tonemap-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / f"{transfer}.cube"
    with path.open("w", encoding="ascii") as cube:
        cube.write(f"LUT_3D_SIZE {EDGE}\n")
        np.savetxt(cube, coded, fmt="%.6f")
    return path
