import numpy as np
import pytest
from tests.engines.drawing import flat
from tests.engines.overlay.reference import Mark, Settings
from tests.engines.overlay.scenes import painted

from clipmill.engines.overlay.effects import effect_of, fill_surroundings
from clipmill.media.choices import Effect
from clipmill.media.spots import Look

FAR = Mark(10, 10, 5, 5, stroke=0)


def far_from_the_spot(effect, luma, blue=128, red=128, **settings):
    """One level of each plane, as it comes out far outside."""
    planes = painted(flat(luma, blue=blue, red=red), [FAR], Settings(effect, stroke_px=0, **settings))
    return tuple(int(plane[-1, -1]) for plane in planes)


def test_a_spotlight_leaves_three_tenths():
    # R'G'B' 120 becomes 36: luma 16 + 219 * 120 / 255 and 16 + 219 * 36 / 255.
    assert far_from_the_spot("spotlight", 119) == (47, 128, 128)


def test_dark_overlay_takes_its_strength():
    assert far_from_the_spot("dark_overlay", 216, dim=0.5) == (116, 128, 128)


def test_colours_lose_as_much_as_brightness():
    assert far_from_the_spot("spotlight", 116, blue=188, red=68) == (46, 146, 110)


@pytest.mark.parametrize("effect", ["brightness_boost", "original"])
def test_the_surroundings_stay_as_they_are(effect):
    assert far_from_the_spot(effect, 101, blue=90, red=160) == (101, 90, 160)


def test_the_spot_itself_gets_brighter():
    planes = painted(flat(116), [Mark(40, 30, 20, 20)], Settings("brightness_boost", stroke_px=0, boost=0.5))
    assert planes[0][30, 40] == 166


def test_brightening_stops_at_white():
    planes = painted(flat(200), [Mark(40, 30, 20, 20)], Settings("brightness_boost", stroke_px=0, boost=1.0))
    assert planes[0][30, 40] == 235


def test_brightening_a_strong_colour_cuts_the_channel_that_is_full():
    # Pure red, 63/26/240 in BT.709: no channel has room, so nothing may change.
    planes = painted(flat(63, blue=102, red=240), [Mark(40, 30, 20, 20)], Settings("brightness_boost", stroke_px=0))
    assert abs(int(planes[0][30, 40]) - 63) <= 1
    assert abs(int(planes[2][15, 20]) - 240) <= 1


def test_what_was_whiter_than_white_is_never_darkened():
    planes = painted(flat(250), [Mark(40, 30, 20, 20)], Settings("brightness_boost", stroke_px=0))
    assert (planes[0] == 250).all()


def test_a_weak_blur_mixes_the_picture_and_its_twin():
    source, twin = flat(100), flat(200)
    target = flat(0)
    fill_surroundings(Look(effect=Effect.BLUR), 0.25, source, target, twin)
    assert (target[0] == 125).all()


def test_the_inside_weight_counts_from_the_strongest_spot():
    mixture = effect_of(Look(effect=Effect.SPOTLIGHT), 0.5, np.array([[0.5, 0.0]], np.float32))
    assert np.allclose(mixture.kept, [[1, 0.65]])


def test_the_shares_of_a_blur_are_one_together():
    mixture = effect_of(Look(effect=Effect.BLUR), 0.8, np.linspace(0, 0.8, 9, dtype=np.float32)[None])
    assert mixture.blurred is not None
    assert np.allclose(mixture.kept + mixture.blurred, 1)
