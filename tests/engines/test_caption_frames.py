from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.engines.damage import damaged
from tests.media_factory import VARIANTS, Box, Recipe, make_video, read_frame_number

from clipmill.engines import caption_frames
from clipmill.engines.caption_frames import CaptionFrames
from clipmill.engines.probe import probe, require_video
from clipmill.errors import DecodeFailedError
from clipmill.media.captions.region import CropRegion, PixelRect, pixel_rect
from clipmill.media.captions.sampling import sample_count

WHOLE = CropRegion(0.0, 0.0, 1.0, 1.0)
NTSC = Fraction(30000, 1001)
IRREGULAR = VARIANTS["vfr"].pts


def reader(path: Path, region: CropRegion = WHOLE, rate: Fraction = Fraction(10)) -> CaptionFrames:
    video = require_video(probe(path))
    band = pixel_rect(region, video.displayed)
    return CaptionFrames(path, video, band, rate, sample_count(video.duration, rate), threads=1)


def numbers(read: CaptionFrames) -> list[int]:
    """The numbers that the pictures carry, as they are seen in the band."""
    shown, band = read.video.displayed, read.band
    box = Box(band.left, band.top, band.width, band.height)
    return [read_frame_number(frame.planar[: band.height], (shown.width, shown.height), box) for frame in read.frames()]


def on_screen(recipe: Recipe, rate: Fraction, duration: Fraction) -> list[int]:
    """By exact arithmetic: the latest picture at k / rate, for every k before the end."""
    shown = [time for time in recipe.times if time >= 0]
    counts: list[int] = []
    k = 0
    while k == 0 or k / rate < duration:
        counts.append(max(index for index, time in enumerate(shown) if time <= k / rate))
        k += 1
    return [recipe.numbers[index] for index in counts]


SMALL = Recipe(size=(160, 90), sound=None)


@pytest.mark.parametrize(
    ("recipe", "rate"),
    [
        (replace(SMALL, rate=Fraction(24000, 1001), frames=40, b_frames=2), Fraction(10)),
        (replace(SMALL, rate=NTSC, frames=45), Fraction(12)),
        (replace(SMALL, pts=IRREGULAR, gop=8, b_frames=2), Fraction(10)),
        (replace(SMALL, rate=Fraction(5), frames=8), Fraction(10)),
        (replace(SMALL, rate=Fraction(30), frames=60, gop=250, b_frames=2, start=Fraction(3, 2)), NTSC),
        (replace(SMALL, rate=Fraction(25), frames=50, pre_roll=5, b_frames=2), Fraction(10)),
        (replace(SMALL, rate=Fraction(25), frames=1), Fraction(10)),
    ],
    ids=["24000/1001", "30000/1001 at 12", "variable", "held", "late start", "edit list", "one picture"],
)
def test_frame_k_is_the_picture_on_screen_at_k_over_the_rate(recipe: Recipe, rate: Fraction, tmp_path: Path):
    """Regressions 51 and 52."""
    path = make_video(tmp_path / "a.mp4", recipe)
    read = reader(path, rate=rate)
    assert numbers(read) == on_screen(recipe, rate, read.video.duration)


@pytest.mark.parametrize(
    "changes",
    [
        {"rotation": 90, "size": (90, 160)},
        {"rotation": 180},
        {"rotation": 270, "size": (90, 160)},
        {"size": (80, 90), "sample_aspect": Fraction(2)},
        {"size": (161, 91), "pixel_format": "yuv444p"},
    ],
    ids=["90", "180", "270", "wide pixels", "odd"],
)
def test_the_band_is_what_a_viewer_sees_there(changes: dict[str, object], tmp_path: Path):
    """Regressions 59 and 60."""
    path = make_video(tmp_path / "a.mp4", replace(SMALL, frames=10, **changes))
    read = reader(path, CropRegion(0.2, 0.2, 0.81, 0.77))
    shown, band = read.video.displayed, read.band
    assert (band.width % 2, band.height % 2) == (0, 0)
    assert band.left + band.width <= shown.width
    assert band.top + band.height <= shown.height
    assert numbers(read) == [0, 3, 6, 9]


def test_a_band_holds_the_pixels_of_the_picture_and_their_colours(videos: Callable[[str], Path]):
    path = videos("bt709")
    video = require_video(probe(path))
    whole = next(CaptionFrames(path, video, PixelRect(0, 0, 640, 360), Fraction(10), 1, 1).frames())
    band = next(CaptionFrames(path, video, PixelRect(100, 200, 300, 80), Fraction(10), 1, 1).frames())
    assert np.array_equal(band.planar[:80], whole.planar[200:280, 100:400])
    assert np.abs(band.rgb[2:-2, 2:-2].astype(int) - whole.rgb[202:278, 102:398]).max() <= 2
    patch = next(CaptionFrames(path, video, PixelRect(300, 8, 16, 8), Fraction(10), 1, 1).frames())
    assert patch.rgb.shape == (8, 16, 3)


@pytest.mark.parametrize(
    ("variant", "seen"), [("bt601", (200, 40, 40)), ("full_range", (200, 40, 40)), ("bt709", (200, 40, 40))]
)
def test_colours_are_bt709_whatever_the_source_is(
    variant: str, seen: tuple[int, int, int], videos: Callable[[str], Path]
):
    path = videos(variant)
    frame = next(
        CaptionFrames(path, require_video(probe(path)), PixelRect(0, 0, 640, 360), Fraction(10), 1, 1).frames()
    )
    places = np.abs(frame.rgb.astype(int) - seen).max(axis=2) <= 6
    assert places.sum() > 500


def test_a_picture_that_stays_is_converted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = make_video(tmp_path / "a.mp4", replace(SMALL, rate=Fraction(2), frames=4))
    made: list[int] = []
    convert = caption_frames.rgb_pixels
    monkeypatch.setattr(caption_frames, "rgb_pixels", lambda band, scaler: made.append(1) or convert(band, scaler))
    frames = list(reader(path).frames())
    assert (len(frames), len(made)) == (20, 4)


def test_frames_from_a_later_one_on_are_those_of_the_whole_pass(tmp_path: Path):
    path = make_video(tmp_path / "a.mp4", replace(SMALL, rate=Fraction(25), frames=60, gop=12, b_frames=2))
    whole, some = reader(path), replace(reader(path), first=7, count=9)
    assert [frame.index for frame in some.frames()] == list(range(7, 16))
    assert numbers(some) == numbers(whole)[7:16]


def test_pictures_that_cannot_be_decoded_are_counted_up_to_a_twentieth(tmp_path: Path):
    whole = make_video(tmp_path / "a.mp4", replace(SMALL, rate=Fraction(10), frames=60, gop=1))
    some = reader(damaged(whole, tmp_path / "some.mp4", [20, 40, 41], kept=0))
    assert len(list(some.frames())) == 60
    assert some.concealed == 3
    many = reader(damaged(whole, tmp_path / "many.mp4", range(20, 24), kept=0))
    with pytest.raises(DecodeFailedError, match="5%"):
        list(many.frames())


def test_nothing_decodable_is_decode_failed(tmp_path: Path):
    """Regression 30."""
    whole = make_video(tmp_path / "a.mp4", replace(SMALL, frames=10, gop=1))
    read = reader(whole)
    damaged(whole, whole, range(10), kept=0)
    with pytest.raises(DecodeFailedError):
        list(read.frames())
