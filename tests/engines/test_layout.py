import av
import numpy as np
import pytest

from clipmill.engines.layout import planes_of

RED, GREEN = (200, 40, 40), (40, 160, 60)


def picture(rgba: np.ndarray, name: str) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(rgba, "rgba").reformat(format=name)


def halves(alpha: int = 255) -> np.ndarray:
    """Red above, of that alpha, and solid green below."""
    rgba = np.zeros((64, 64, 4), np.uint8)
    rgba[:32], rgba[32:] = (*RED, alpha), (*GREEN, 255)
    return rgba


def levels(rgb, cover: float = 1.0):
    """Y, Cb, Cr in BT.709, limited range, of a colour on black."""
    red, green, blue = (part / 255 * cover for part in rgb)
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 16 + 219 * luma, 128 + 224 * (blue - luma) / 1.8556, 128 + 224 * (red - luma) / 1.5748


def seen(planes, row: int):
    return tuple(
        float(plane[row * plane.shape[0] // 64, 2]) for plane in (planes.luma(), planes.chroma(1), planes.chroma(2))
    )


@pytest.mark.parametrize("name", ["rgb24", "bgr24", "rgb0", "gbrp", "gbrp10le"])
def test_rgb_is_turned_into_bt_709_limited_range(name):
    planes = planes_of(picture(halves(), name))
    assert planes.matrix_is_709
    assert seen(planes, 16) == pytest.approx(levels(RED), abs=1)
    assert seen(planes, 48) == pytest.approx(levels(GREEN), abs=1)


@pytest.mark.parametrize("name", ["rgba", "bgra", "argb", "abgr", "gbrap", "gbrap10le"])
@pytest.mark.parametrize("alpha", [0, 128, 255])
def test_transparent_rgb_lies_on_black(name, alpha):
    planes = planes_of(picture(halves(alpha), name))
    assert seen(planes, 16) == pytest.approx(levels(RED, alpha / 255), abs=1.5)
    assert seen(planes, 48) == pytest.approx(levels(GREEN), abs=1.5)


@pytest.mark.parametrize("name", ["yuva420p", "yuva422p", "yuva444p", "yuva444p10le", "yuva444p12le"])
@pytest.mark.parametrize("full_range", [False, True])
def test_transparent_planes_fade_to_the_black_of_their_range(name, full_range):
    frame = picture(halves(0), name)
    frame.color_range = 2 if full_range else 1
    planes = planes_of(frame)
    assert seen(planes, 16) == (0 if full_range else 16, 128, 128)
    assert seen(planes, 48) == pytest.approx(
        [plane.mean() for plane in (planes.luma()[40:], planes.chroma(1)[-8:])] + [planes.chroma(2)[-8:].mean()], abs=1
    )
    assert planes.luma()[48, 2] > 60


@pytest.mark.parametrize("name", ["gray", "gray10le"])
def test_grey_pictures_have_luma_alone(name):
    frame = av.VideoFrame(64, 64, name)
    planes = planes_of(frame)
    assert planes.grey
    assert planes.bits == (8 if name == "gray" else 10)
    assert planes.frame is frame


@pytest.mark.parametrize(
    ("name", "bits", "chroma"),
    [
        ("yuv420p", 8, (32, 32)),
        ("yuv422p", 8, (64, 32)),
        ("yuv440p", 8, (32, 64)),
        ("yuv444p12le", 12, (64, 64)),
        ("yuv420p10le", 10, (32, 32)),
    ],
)
def test_planar_formats_are_read_as_they_are(name, bits, chroma):
    frame = av.VideoFrame(64, 64, name)
    planes = planes_of(frame)
    assert planes.frame is frame
    assert (planes.bits, planes.chroma(1).shape) == (bits, chroma)


@pytest.mark.parametrize(
    ("name", "relative"),
    [
        ("nv12", "yuv420p"),
        ("p010le", "yuv420p10le"),
        ("yuyv422", "yuv422p"),
        ("yuv411p", "yuv422p"),
        ("yuv444p16le", "yuv444p10le"),
        ("yuv420p9le", "yuv444p10le"),
    ],
)
def test_other_formats_become_a_planar_relative(name, relative):
    assert planes_of(av.VideoFrame(64, 64, name)).frame.format.name == relative
