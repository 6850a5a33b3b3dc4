import av
import numpy as np
import pytest
from tests.engines.drawing import as_displayed, first_planes
from tests.engines.footage import MEDIA, needs_footage
from tests.engines.reference import psnr, turned

from clipmill.engines.layout import planes_of
from clipmill.engines.planes import Orientation
from clipmill.engines.resample import samples
from clipmill.engines.rotate import draw_rotated
from clipmill.media.geometry import Box, Size, canvas_to_source, largest_rotated_box

SPORT = MEDIA / "footage/sport/soccer_juggle_720p.mp4"
WHOLE = Box(0, 0, 128, 72)


def frame_of(*planes: np.ndarray, name: str = "yuv420p") -> av.VideoFrame:
    frame = av.VideoFrame(planes[0].shape[1], planes[0].shape[0], name)
    for index, plane in enumerate(planes):
        samples(frame, index)[:] = plane
    frame.color_range = 1
    return frame


def flat(luma: int, size: tuple[int, int] = (128, 72), name: str = "yuv420p") -> av.VideoFrame:
    empty = av.VideoFrame(*size, name)
    return frame_of(*(np.full_like(samples(empty, index), luma if index == 0 else 90) for index in range(3)), name=name)


def upright(size: tuple[int, int]) -> Orientation:
    return Orientation(Size(*size), Size(*size), 0, mirrored=False)


def rotated(frame: av.VideoFrame, degrees: float, box: Box, size: tuple[int, int], way: Orientation | None = None):
    out = av.VideoFrame(*size, "yuv420p")
    draw_rotated(planes_of(frame), out, box, way or upright((frame.width, frame.height)), degrees)
    return [samples(out, index).copy() for index in range(3)]


@needs_footage
@pytest.mark.parametrize("degrees", [10, -10])
@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((90, 160), Box(600.3, 200.1, 135.0, 240.0)),
        ((90, 160), Box(100.3, 0.0, 101.0, 179.0)),
        ((90, 160), Box(600.2, 200.4, 72.0, 128.0)),
        ((60, 106), None),
    ],
    ids=["smaller", "at the border", "enlarged", "much smaller"],
)
def test_a_turned_picture_comes_within_40_db_of_lanczos_3(degrees, size, box):
    luma, *chroma = first_planes(SPORT)
    box = box or largest_rotated_box(Size(1280, 720), size[0] / size[1], degrees)
    drawn = rotated(frame_of(luma, *chroma), degrees, box, size)[0]
    want = turned(luma, (box.x, box.y, box.width, box.height), (size[1], size[0]), degrees, 16)
    assert psnr(drawn, want) >= 40


@pytest.mark.parametrize("degrees", [10, -10, 45])
def test_points_outside_the_source_are_black(degrees):
    drawn = rotated(flat(200), degrees, WHOLE, (128, 72))
    rows, columns = np.mgrid[0:72, 0:128]
    x, y = np.vectorize(lambda i, j: canvas_to_source(i + 0.5, j + 0.5, Size(128, 72), degrees))(columns, rows)
    beyond = np.maximum.reduce([-x, x - 128, -y, y - 72])
    assert set(drawn[0][beyond > 3]) == {16}
    assert set(drawn[0][beyond < -3]) == {200}
    assert set(drawn[1][beyond[::2, ::2] > 6]) == {128}


def test_the_border_of_a_full_range_source_is_its_own_black():
    source = flat(200)
    source.color_range = 2
    assert rotated(source, 20, WHOLE, (128, 72))[0][0, 0] == 0


def test_a_positive_angle_turns_the_picture_counter_clockwise():
    luma = np.full((72, 128), 50, np.uint8)
    luma[30:42, 100:112] = 220
    drawn = rotated(frame_of(luma, *[np.full((36, 64), 128)] * 2), 20, WHOLE, (128, 72))[0]
    rows, columns = np.nonzero(drawn > 150)
    # 42 px right of the centre goes up by 42 * sin(20 degrees).
    assert rows.mean() == pytest.approx(36 - 42 * np.sin(np.radians(20)) - 0.5, abs=0.3)
    assert columns.mean() == pytest.approx(64 + 42 * np.cos(np.radians(20)) - 0.5, abs=0.3)


def centre(plane: np.ndarray, ground: int) -> tuple[float, float]:
    """The column and row, in samples, around which what differs from the ground lies."""
    weight = np.abs(plane.astype(float) - ground)
    rows, columns = np.mgrid[0 : plane.shape[0], 0 : plane.shape[1]] + 0.5
    return float((weight * columns).sum() / weight.sum()), float((weight * rows).sum() / weight.sum())


@pytest.mark.parametrize("size", [(128, 72), (64, 36), (256, 144)])
@pytest.mark.parametrize("degrees", [10, -30])
def test_colours_turn_with_the_brightness(size, degrees):
    picture, colour = np.full((72, 128), 16, np.uint8), np.full((36, 64), 128, np.uint8)
    picture[20:40, 40:80], colour[10:20, 20:40] = 180, 200
    luma, blue, _ = rotated(frame_of(picture, colour, colour), degrees, WHOLE, size)
    scale = 128 / size[0]
    x, y = (part * scale for part in centre(luma, 16))
    across, down = centre(blue, 128)
    # Left-sited: a sample of colour stands over the left one of its two columns, in the source as in the output.
    angle = np.radians(degrees)
    assert (across * 2 - 0.5) * scale == pytest.approx(x - 0.5 * np.cos(angle), abs=0.06)
    assert down * 2 * scale == pytest.approx(y + 0.5 * np.sin(angle), abs=0.06)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_the_displayed_picture_is_turned_whatever_way_it_is_stored(turns, mirrored):
    shown = np.full((72, 128), 40, np.uint8)
    shown[10:30, 20:60], shown[50:60, 90:120] = 200, 120
    colours = [shown[::2, ::2] // 2 + 60, shown[::2, ::2] // 3 + 90]
    want = rotated(frame_of(shown, *colours), 12, WHOLE, (128, 72))

    def stored(plane):
        back = np.rot90(plane, turns)
        return back[:, ::-1] if mirrored else back

    assert np.array_equal(as_displayed(stored(shown), turns, mirrored=mirrored), shown)
    coded = Size(72, 128) if turns % 2 else Size(128, 72)
    way = Orientation(coded, Size(128, 72), turns, mirrored)
    drawn = rotated(frame_of(stored(shown), *map(stored, colours)), 12, WHOLE, (128, 72), way)
    assert np.abs(drawn[0].astype(int) - want[0]).max() <= 1


@pytest.mark.parametrize(("name", "level"), [("yuv420p10le", 800), ("yuv422p10le", 800), ("yuv444p", 200)])
def test_other_depths_and_samplings_are_turned_too(name, level):
    luma, *_ = rotated(flat(level, name=name), 10, Box(40, 20, 48, 27), (96, 54))
    assert set(luma.ravel()) == {200}


def test_a_grey_picture_gets_no_colour():
    grey = av.VideoFrame(128, 72, "gray")
    samples(grey, 0)[:] = 200
    assert set(rotated(grey, 10, WHOLE, (128, 72))[1].ravel()) == {128}
