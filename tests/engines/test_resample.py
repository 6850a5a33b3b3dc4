import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.drawing import first_planes
from tests.engines.footage import MEDIA, needs_footage
from tests.engines.reference import cropped, psnr

from clipmill.engines.resample import PlaneResampler, Stretch

SIDE = 400
RAMP = np.tile((np.arange(SIDE) * 150 + 1000).astype(np.uint16), (SIDE, 1))
"""Every sample tells where it stands: 150 levels a sample."""


def resampled(plane, box, shape, bits=8, out_bits=None):
    x, y, width, height = box
    out = np.zeros(shape, np.uint8 if (out_bits or bits) == 8 else np.uint16)
    PlaneResampler(bits, out_bits).resample(plane, Stretch(x, width), Stretch(y, height), out)
    return out


@st.composite
def spans(draw):
    """A start and an extent that keep the kernel inside the ramp, and a count; steps beside 1 and 2 are frequent."""
    count = draw(st.integers(16, 120))
    step = draw(st.one_of(st.floats(0.3, 2.2), st.sampled_from([1, 2, 0.5, 0.999, 1.001, 0.996, 1.99, 2.003])))
    return draw(st.floats(8, SIDE - 8 - count * step)), count * step, count


@settings(deadline=None)
@given(spans(), spans())
def test_every_sample_is_read_at_its_exact_position(across, down):
    (x, width, columns), (y, height, rows) = across, down
    read = (resampled(RAMP, (x, y, width, height), (rows, columns), 16)[rows // 2] - 1000.0) / 150 + 0.5
    wanted = x + (np.arange(columns) + 0.5) * width / columns
    assert np.abs(read - wanted).max() <= 0.09 * max(1.0, width / columns)
    lying = (resampled(RAMP.T.copy(), (x, y, width, height), (rows, columns), 16)[:, columns // 2] - 1000.0) / 150 + 0.5
    assert np.abs(lying - y - (np.arange(rows) + 0.5) * height / rows).max() <= 0.09 * max(1.0, height / rows)


@pytest.mark.parametrize("out_bits", [8, 10])
def test_samples_of_ten_bits_are_brought_to_the_depth_asked(out_bits):
    plane = np.full((60, 60), 512, np.uint16)
    assert set(resampled(plane, (3.3, 4.4, 40, 40), (30, 30), 10, out_bits).ravel()) == {512 >> (10 - out_bits)}


def test_a_plane_of_the_same_size_is_copied_to_the_bit():
    plane = np.random.default_rng(1).integers(0, 256, (90, 160), dtype=np.uint8)
    assert np.array_equal(resampled(plane, (0, 0, 160, 90), (90, 160)), plane)
    assert np.array_equal(resampled(plane, (7, 9, 80, 60), (60, 80)), plane[9:69, 7:87])


def test_beyond_the_edge_the_edge_sample_repeats():
    plane = np.full((90, 160), 100, np.uint8)
    plane[:, :10], plane[:, -10:], plane[:10], plane[-10:] = 30, 200, 30, 200
    corner = resampled(plane, (0, 0, 8, 8), (64, 64))
    assert set(corner.ravel()) == {30}
    assert set(resampled(plane, (152, 82, 8, 8), (64, 64)).ravel()) == {200}


def test_a_plane_is_read_through_its_own_strides():
    plane = np.random.default_rng(2).integers(0, 256, (90, 160), dtype=np.uint8)
    padded = np.zeros((90, 200), np.uint8)
    padded[:, :160] = plane
    box = (20.3, 10.7, 90.0, 51.0)
    assert np.array_equal(resampled(padded[:, :160], box, (60, 100)), resampled(plane, box, (60, 100)))


SPORT = "footage/sport/"
DETAILED = SPORT + "soccer_juggle_720p.mp4"
SHAPES = {
    "a usual crop": (480, 270, 405.0, 720.0),
    "one to one, by a fraction": (320, 180, 180.0, 320.0),
    "two to one, by a fraction": (320, 180, 360.0, 640.0),
    "one to two, by a fraction": (640, 360, 180.0, 320.0),
    "hardly smaller than one to one": (480, 270, 270.3, 480.5),
    "hardly larger than one to one": (480, 270, 269.7, 479.5),
    "hardly off two to one": (320, 180, 359.3, 638.8),
    "hardly off one to two": (320, 180, 89.85, 159.7),
    "a tiny box": (320, 180, 9.0, 16.0),
}


@needs_footage
@pytest.mark.parametrize("corner", [(200.37, 0.0), (61.5, 30.25), (0.0, 0.0)], ids=str)
@pytest.mark.parametrize("shape", SHAPES)
def test_real_pictures_come_within_40_db_of_lanczos_3(shape, corner):
    luma = first_planes(MEDIA / DETAILED)[0]
    rows, columns, width, height = SHAPES[shape]
    box = (corner[0], min(corner[1], luma.shape[0] - height), width, height)
    assert psnr(resampled(luma, box, (rows, columns)), cropped(luma, box, (rows, columns))) >= 40


@needs_footage
@pytest.mark.parametrize("shape", ["a usual crop", "two to one, by a fraction", "one to two, by a fraction"])
def test_a_box_at_the_far_edges_comes_within_40_db_of_lanczos_3(shape):
    luma = first_planes(MEDIA / DETAILED)[0]
    rows, columns, width, height = SHAPES[shape]
    box = (luma.shape[1] - width, luma.shape[0] - height, width, height)
    assert psnr(resampled(luma, box, (rows, columns)), cropped(luma, box, (rows, columns))) >= 40


@needs_footage
@pytest.mark.parametrize(
    "name", ["concat_2_skater.mp4", "marathon_run.mp4", "soccer_drone_1260x708.mp4", "two_people_portrait_cam01.mp4"]
)
def test_whole_planes_shrunk_come_within_40_db_of_lanczos_3(name):
    for plane in first_planes(MEDIA / SPORT / name):
        box = (0.3, 0.2, plane.shape[1] - 1.0, plane.shape[0] - 1.0)
        shape = (plane.shape[0] * 2 // 5, plane.shape[1] * 2 // 5)
        assert psnr(resampled(plane, box, shape), cropped(plane, box, shape)) >= 40
