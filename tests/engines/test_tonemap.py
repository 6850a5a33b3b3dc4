import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmill.engines.tonemap import (
    DIFFUSE_WHITE,
    DISPLAY_GAMMA,
    EDGE,
    LUMA_709,
    LUMA_2020,
    hlg_light,
    pq_light,
    sdr_light,
    sdr_table,
    shoulder,
)

PARTS = st.floats(0, 1)
COLOURS = st.tuples(PARTS, PARTS, PARTS).map(np.array)


@pytest.mark.parametrize(
    ("signal", "light"), [(0, 0), (0.508078, 100), (0.580689, 203), (0.751827, 1000), (0.902572, 4000), (1, 10000)]
)
def test_pq_signals_mean_the_light_of_the_standard(signal, light):
    assert pq_light(np.array([signal]))[0] == pytest.approx(light, rel=1e-4, abs=1e-9)


@pytest.mark.parametrize(("signal", "light"), [(0, 0), (0.5, 50.7), (0.75, 203), (1, 1000)])
def test_hlg_greys_mean_the_light_of_the_report_on_a_display_of_1000(signal, light):
    assert hlg_light(np.array([signal] * 3)) == pytest.approx([light] * 3, rel=0.005, abs=1e-4)


@given(st.floats(0, 20), st.floats(1e-3, 1))
def test_the_curve_rises_everywhere_and_never_reaches_white(relative, more):
    lower, upper = shoulder(np.array([relative, relative + more]))
    assert lower < upper < 1


@given(COLOURS, st.floats(1e-3, DIFFUSE_WHITE))
def test_no_channel_is_clipped_below_diffuse_white(colour, luminance):
    light = colour * luminance / max(float(colour @ LUMA_2020), 0.05)
    drawn = sdr_light(light)
    assert drawn.min() >= -1e-9
    assert drawn.max() < 1


@given(COLOURS, st.floats(0.05, 4000), st.floats(1.01, 3))
def test_brighter_light_of_one_colour_is_always_brighter(colour, luminance, factor):
    light = colour * luminance
    before, after = (float(sdr_light(light * scale) @ LUMA_709) for scale in (1.0, factor))
    assert after >= before
    assert after > before or before == 0 or before > 0.999 * after


@given(st.floats(0, 10000))
def test_greys_stay_grey(light):
    drawn = sdr_light(np.full(3, light))
    assert drawn == pytest.approx(np.full(3, drawn[0]), abs=1e-4)


@pytest.mark.parametrize(("transfer", "light"), [("pq", pq_light), ("hlg", hlg_light)])
def test_the_table_holds_the_curve_at_its_points(transfer, light):
    lines = sdr_table(transfer).read_text().splitlines()
    assert lines[0] == f"LUT_3D_SIZE {EDGE}"
    assert len(lines) == 1 + EDGE**3
    for red, green, blue in ((0, 0, 0), (20, 20, 20), (30, 10, 5), (5, 40, 48), (48, 48, 48)):
        signal = np.array([red, green, blue]) / (EDGE - 1)
        wanted = np.clip(sdr_light(light(signal)), 0, 1) ** (1 / DISPLAY_GAMMA)
        # Red runs fastest.
        told = [float(part) for part in lines[1 + red + EDGE * (green + EDGE * blue)].split()]
        assert told == pytest.approx(wanted, abs=1e-5)


def test_the_table_is_gone_when_its_process_ends():
    tell = "from clipmill.engines.tonemap import sdr_table; print(sdr_table('pq'))"
    path = subprocess.run([sys.executable, "-c", tell], capture_output=True, text=True, check=True).stdout.strip()
    assert path.endswith("pq.cube")
    assert not Path(path).parent.exists()
