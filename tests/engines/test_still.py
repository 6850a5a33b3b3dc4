import av
import numpy as np
import pytest
from av.video.reformatter import VideoReformatter
from PIL import Image
from tests.media_recipes import PATCHES, Colour

from clipmill.engines import still
from clipmill.engines.resample import samples
from clipmill.engines.still import write_picture, write_png


def rgb_of(path) -> np.ndarray:
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        assert frame.format.name == "rgb24"
        return frame.to_ndarray()


def test_a_picture_keeps_its_size_and_its_colours(tmp_path):
    frame = av.VideoFrame(112, 34, "yuv420p")
    for place, rgb in enumerate(PATCHES):
        for index, level in enumerate(Colour().levels(rgb)):
            width = 16 if index == 0 else 8
            samples(frame, index)[:, place * width : (place + 1) * width] = level
    write_png(frame, tmp_path / "frame.png")
    shown = rgb_of(tmp_path / "frame.png")
    assert shown.shape == (34, 112, 3)
    for place, rgb in enumerate(PATCHES):
        assert shown[17, place * 16 + 8].tolist() == pytest.approx(rgb, abs=3)


def test_a_file_is_a_png(tmp_path):
    frame = av.VideoFrame(16, 16, "yuv420p")
    write_png(frame, tmp_path / "frame.png")
    assert (tmp_path / "frame.png").read_bytes().startswith(b"\x89PNG\r\n")


@pytest.mark.parametrize(("name", "begins"), [("a.png", b"\x89PNG"), ("a.JPG", b"\xff\xd8\xff"), ("a", b"\x89PNG")])
def test_the_name_of_a_file_says_what_it_is(tmp_path, name, begins):
    write_picture(av.VideoFrame(16, 16, "yuv420p"), tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_a_jpeg_keeps_its_colours(tmp_path):
    frame = av.VideoFrame(64, 64, "yuv420p")
    for index, level in enumerate(Colour().levels((200, 40, 90))):
        samples(frame, index)[:] = level
    write_picture(frame, tmp_path / "frame.jpg")
    with Image.open(tmp_path / "frame.jpg") as shown:
        assert shown.convert("RGB").getpixel((32, 32)) == pytest.approx((200, 40, 90), abs=4)


def test_pixels_are_those_of_the_picture():
    frame = av.VideoFrame(38, 18, "yuv420p")
    for index in range(3):
        plane = samples(frame, index)
        plane[:] = np.random.default_rng(index).integers(16, 236, plane.shape, np.uint8)
    assert np.array_equal(still.rgb_pixels(frame, VideoReformatter()), still.rgb(frame).to_ndarray())
