"""A bar that moves at fifty fields a second, stored as twenty-five interlaced frames."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from tests.engines.drawing import copied
from tests.engines.reference import psnr

from clipmill.engines.decode import Picture, PictureReader
from clipmill.engines.probe import probe, require_video
from clipmill.media.info import VideoInfo

FRAMES, GROUP, STEP = 30, 10, 6
WIDTH, HEIGHT = 320, 96


def moment(field: int) -> np.ndarray:
    """Luma at the time of a field."""
    picture = np.full((HEIGHT, WIDTH), 60, np.uint8)
    left = 4 + STEP * field % (WIDTH - 60)
    picture[20:80, left : left + 40] = 200
    return picture


def woven(number: int) -> np.ndarray:
    """A frame whose even rows are half a frame later than its odd ones."""
    picture = moment(2 * number + 1)
    picture[1::2] = moment(2 * number)[1::2]
    return picture


@pytest.fixture(scope="module")
def interlaced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("interlaced") / "bar.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"crf": "10", "x264-params": f"interlaced=1:keyint={GROUP}:min-keyint={GROUP}:scenecut=0"}
        chroma = np.full((HEIGHT // 2, WIDTH), 128, np.uint8)
        for number in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(np.concatenate((woven(number), chroma)), "yuv420p")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def read(path: Path, video: VideoInfo) -> list[Picture]:
    return list(PictureReader(path, video, 1).pictures(Fraction(0), video.duration))


def test_both_fields_of_a_picture_show_one_moment(interlaced: Path):
    video = require_video(probe(interlaced))
    assert video.interlaced
    raw = read(interlaced, replace(video, interlaced=False))
    for number, (whole, stored) in enumerate(zip(read(interlaced, video), raw, strict=True)):
        truth = moment(2 * number)
        assert psnr(copied(stored.frame)[0], truth) < 25
        assert psnr(copied(whole.frame)[0], truth) > 35


def test_no_picture_is_lost_or_moved(interlaced: Path):
    pictures = read(interlaced, require_video(probe(interlaced)))
    assert [picture.time for picture in pictures] == [Fraction(number, 25) for number in range(FRAMES)]


@pytest.mark.parametrize("number", [1, GROUP - 1, GROUP, GROUP + 1, 2 * GROUP, FRAMES - 1])
def test_a_picture_is_the_same_wherever_reading_begins(interlaced: Path, number: int):
    video = require_video(probe(interlaced))
    expected = read(interlaced, video)[number]
    sight = next(PictureReader(interlaced, video, 1).on_screen([expected.time]))
    assert sight.picture.time == expected.time
    assert not sight.stand_in
    assert (copied(sight.picture.frame)[0] == copied(expected.frame)[0]).all()
