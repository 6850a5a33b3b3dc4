"""A picture in its place on an output."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.engines.drawing import copied, flat, frame_of, lossless_video, picture_of

from clipmill.engines.placing import PicturePlacer
from clipmill.engines.resample import samples
from clipmill.media.geometry import Box, Placement, Size
from clipmill.media.info import VideoInfo

WHOLE = Box(0, 0, 96, 64)


@pytest.fixture
def video(tmp_path: Path) -> VideoInfo:
    return picture_of(lossless_video(tmp_path / "flat.mp4", [flat(100)] * 3))


def test_a_picture_smaller_than_the_output_lies_on_a_ground_of_one_colour(video: VideoInfo):
    placer = PicturePlacer(video, Size(96, 96), pad_color="#FFFFFF")
    placed = placer.placed(frame_of(flat(100)), Placement(WHOLE, Size(96, 64), 0, 16))
    luma, blue, red = copied(placed)
    assert (luma[:16] == 235).all()
    assert (luma[80:] == 235).all()
    assert (luma[16:80] == 100).all()
    assert (blue == 128).all()
    assert (red == 128).all()


def test_the_ground_has_the_colour_that_was_asked_for(video: VideoInfo):
    placer = PicturePlacer(video, Size(128, 64), pad_color="#FF0000")
    luma, blue, red = copied(placer.placed(frame_of(flat(100)), Placement(WHOLE, Size(96, 64), 16, 0)))
    assert (luma[0, 0], blue[0, 0], red[0, 0]) == (63, 102, 240)
    assert (luma[0, 15], luma[0, 16], luma[0, 111], luma[0, 112]) == (63, 100, 100, 63)


def test_all_of_a_picture_fills_the_output(video: VideoInfo):
    ramp = np.tile(np.arange(96, dtype=np.uint8) + 40, (64, 1))
    half = frame_of((ramp, *flat(0)[1:]))
    placed = samples(PicturePlacer(video, Size(48, 32)).whole(half), 0)
    assert placed.shape == (32, 48)
    assert np.abs(placed.astype(float) - (np.arange(48) * 2 + 40.5)).max() <= 2


def test_a_turned_picture_is_turned_back(video: VideoInfo):
    turned = replace(video, rotation=90, displayed=Size(64, 96))
    ramp = np.tile(np.arange(96, dtype=np.uint8) + 40, (64, 1))
    placed = samples(PicturePlacer(turned, Size(64, 96)).whole(frame_of((ramp, *flat(0)[1:]))), 0)
    assert placed.shape == (96, 64)
    assert np.ptp(placed, axis=1).max() == 0
    assert np.ptp(placed, axis=0).min() == 95


def test_one_placer_draws_placements_of_any_kind(video: VideoInfo):
    placer = PicturePlacer(video, Size(96, 64))
    boxes = [WHOLE, Box(10.5, 7.25, 48, 32), Box(0, 0, 12, 8)]
    frames = [placer.placed(frame_of(flat(100)), Placement(box, Size(96, 64), 0, 0)) for box in boxes]
    assert [(frame.width, frame.height) for frame in frames] == [(96, 64)] * 3
    assert all((samples(frame, 0) == 100).all() for frame in frames)


def test_an_angle_shows_the_black_behind_the_picture(video: VideoInfo):
    plain, angled = (
        samples(PicturePlacer(video, Size(96, 64), rotation=angle).whole(frame_of(flat(200))), 0)
        for angle in (0.0, 20.0)
    )
    assert (plain == 200).all()
    assert angled[0, 0] == 16
    assert angled[32, 48] == 200
    assert Fraction(int((angled == 200).sum()), angled.size) > Fraction(1, 2)
