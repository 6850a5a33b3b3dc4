"""Pictures painted on are upright, of square pixels, in the colours of every output."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from tests.coded_factory import PICTURE_STRUCTURES
from tests.engines.drawing import picture_of
from tests.media_factory import read_frame_number

from clipmill.engines.decode import Picture, PictureReader
from clipmill.engines.painted import PaintedPictures, even_size, painted_as_they_lie, untouched, upright
from clipmill.engines.planes import Orientation
from clipmill.engines.resample import samples
from clipmill.media.geometry import Size


@pytest.mark.parametrize(
    ("size", "even"),
    [((640, 360), (640, 360)), ((641, 359), (642, 360)), ((643, 361), (644, 362)), ((160, 91), (160, 92))],
)
def test_the_nearest_even_size_is_the_larger_one_of_two(size: tuple[int, int], even: tuple[int, int]):
    assert even_size(Size(*size)) == Size(*even)


@pytest.mark.parametrize("name", ["rotated_90", "wide_pixels", "h264_10_bit", "bt601", "full_range"])
def test_what_is_painted_on_is_what_an_output_is(name: str, tmp_path: Path):
    structure = PICTURE_STRUCTURES[name]
    path = structure(tmp_path / "source.mp4")
    video = picture_of(path)
    seen: list[tuple[Any, ...]] = []

    def paint(frame: av.VideoFrame, t: Fraction, orientation: Orientation) -> av.VideoFrame:
        seen.append((frame.width, frame.height, frame.format.name, t, orientation))
        return frame

    painted = PaintedPictures(video, paint)
    picture = next(PictureReader(path, video, 1).pictures(Fraction(1), Fraction(2)))
    drawn = painted.drawn(picture)
    wide = 192 if name == "wide_pixels" else 160
    assert seen == [(wide, 96, "yuv420p", Fraction(1), Orientation.of(upright(video)))]
    assert read_frame_number(samples(drawn, 0), (video.displayed.width, video.displayed.height)) == 25


def test_an_upright_picture_lies_as_it_is_stored(tmp_path: Path):
    shown = upright(picture_of(PICTURE_STRUCTURES["rotated_90"](tmp_path / "turned.mp4")))
    assert (shown.size, shown.displayed, shown.sample_aspect) == (Size(160, 96), Size(160, 96), 1)
    assert (shown.rotation, shown.mirrored, shown.pixel_format, shown.hdr) == (0, False, "yuv420p", None)


def test_nothing_painted_leaves_every_sample(tmp_path: Path):
    path = PICTURE_STRUCTURES["closed"](tmp_path / "plain.mp4")
    video = picture_of(path)
    picture: Picture = next(PictureReader(path, video, 1).pictures(Fraction(0), Fraction(1)))
    drawn = PaintedPictures(video, untouched).drawn(picture)
    assert all(np.array_equal(samples(drawn, plane), samples(picture.frame, plane)) for plane in range(3))


def test_a_picture_that_comes_again_is_a_frame_of_its_own(tmp_path: Path):
    path = PICTURE_STRUCTURES["closed"](tmp_path / "plain.mp4")
    video = picture_of(path)
    first, second, *_ = PictureReader(path, video, 1).pictures(Fraction(0), Fraction(1))
    paint = painted_as_they_lie(untouched, Orientation.of(video))
    frames = [paint(picture) for picture in (first, first, first, second)]
    assert len({id(frame) for frame in frames}) == 4
    assert frames[0] is first.frame
    for plane in range(3):
        assert np.array_equal(samples(frames[1], plane), samples(first.frame, plane))
        assert np.array_equal(samples(frames[2], plane), samples(first.frame, plane))
