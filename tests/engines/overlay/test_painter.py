from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engines.drawing import copied, frame_of
from tests.engines.overlay.reference import Mark, Settings
from tests.engines.overlay.scenes import (
    NOW,
    SIZE,
    highlights,
    largest_difference,
    orientation,
    painted,
    picture,
    upright,
)

from clipmill.engines.overlay.painter import DrawnLayer, Painter
from clipmill.engines.sticker import Sticker
from clipmill.media.choices import Effect
from clipmill.media.geometry import Size
from clipmill.media.layers import Layer, TextLayer
from clipmill.media.tracks import Track

EFFECTS = [effect.value for effect in Effect]
YELLOW, RED = (255, 212, 0), (200, 30, 64)
PLAYER = Mark(40.3, 31.7, 14.2, 22.9, fill=0.1, colour=YELLOW)
ODD_PLACES = {
    "inside": PLAYER,
    "on a sample's centre": replace(PLAYER, x=40.5, y=30.5, rx=12, ry=12),
    "over the left and top edge": replace(PLAYER, x=3.2, y=-4.9),
    "over the right and bottom edge": replace(PLAYER, x=94.1, y=48.3),
    "larger than the frame": replace(PLAYER, rx=70, ry=60),
    "a pixel": replace(PLAYER, rx=1, ry=1),
    "flat": replace(PLAYER, rx=40, ry=2.5),
    "fading": replace(PLAYER, s=0.35),
}
LAW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
marks = st.builds(
    Mark,
    x=st.floats(-20, 116),
    y=st.floats(-20, 84),
    rx=st.floats(1, 50),
    ry=st.floats(1, 50),
    s=st.floats(0.01, 1),
    stroke=st.floats(0, 1),
    fill=st.sampled_from([0.0, 0.15, 1.0]),
    colour=st.sampled_from([(255, 255, 255), YELLOW, RED, (0, 0, 255)]),
)


@pytest.mark.parametrize("ground", [False, True])
@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("mark", ODD_PLACES.values(), ids=ODD_PLACES)
def test_a_spot_looks_as_the_rules_say(effect, ground, mark):
    assert largest_difference(picture(), [mark], Settings(effect, ground)) <= 1


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize(
    "changed", [{"feather": 0.0}, {"feather": 1.0}, {"stroke_px": 0}, {"stroke_px": 5}, {"sigma": 2.5}, {"sigma": 0.7}]
)
def test_every_setting_is_followed(effect, changed):
    chosen = replace(Settings(effect, dim=0.6, boost=0.7), **changed)
    assert largest_difference(picture(), [PLAYER], chosen) <= 1


@pytest.mark.parametrize("ground", [False, True])
@pytest.mark.parametrize("effect", EFFECTS)
def test_overlapping_spots_of_two_colours_look_as_the_rules_say(effect, ground):
    other = Mark(52.9, 36.1, 11.4, 17.2, s=0.6, fill=0.2, colour=RED)
    far = Mark(80.2, 20.4, 5.3, 6.8, fill=0.2)
    assert largest_difference(picture(), [PLAYER, other, far], Settings(effect, ground)) <= 1


@pytest.mark.parametrize("ground", [False, True])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("aspect", [1, 2])
def test_turned_mirrored_and_wide_pixels_are_painted_as_people_see_them(turns, mirrored, aspect, ground):
    turned = orientation(turns, mirrored=mirrored, aspect=aspect)
    mark = Mark(turned.displayed.width * 0.4, turned.displayed.height * 0.3, 13.7, 9.2, fill=0.2, colour=RED)
    for effect in ("spotlight", "blur"):
        assert largest_difference(picture(), [mark], Settings(effect, ground), turned) <= 1


@pytest.mark.parametrize("effect", EFFECTS)
def test_frames_with_odd_sides_are_painted_to_the_last_column_and_row(effect):
    size = Size(95, 63)
    mark = Mark(90.2, 58.8, 12.1, 14.9, colour=RED)
    assert largest_difference(picture(size), [mark], Settings(effect)) <= 1


def test_brightened_white_is_cut_in_every_channel():
    bright = picture(low=180)
    assert largest_difference(bright, [PLAYER], Settings("brightness_boost", boost=1.0)) <= 1


@LAW
@given(st.lists(marks, min_size=1, max_size=3), st.sampled_from(EFFECTS), st.booleans(), st.integers(0, 99))
def test_any_spots_look_as_the_rules_say(spots, effect, ground, seed):
    if not highlights(spots, Settings(effect, ground), SIZE).spots(NOW):
        return
    shown = [mark for mark in spots if highlights([mark], Settings(effect, ground), SIZE).spots(NOW)]
    assert largest_difference(picture(seed=seed), shown, Settings(effect, ground)) <= 1


@LAW
@given(marks, marks, st.sampled_from(["dark_overlay", "spotlight"]))
def test_two_spots_never_darken_each_other(first, second, effect):
    """Regression 54."""
    strong = [replace(mark, s=1.0, fill=0.0) for mark in (first, second)]
    plain = Settings(effect, stroke_px=0)
    planes = picture(low=16, high=236)
    both = painted(planes, strong, plain)[0].astype(int)
    for mark in strong:
        if highlights([mark], plain, SIZE).spots(NOW):
            assert (both >= painted(planes, [mark], plain)[0].astype(int) - 1).all()


def test_a_frame_without_spots_is_the_same_object():
    frame = frame_of(picture())
    painter = Painter(highlights([PLAYER], Settings("spotlight"), SIZE))
    assert painter.paint(frame, Fraction(10), upright()) is frame


def test_nothing_is_drawn_before_and_after_a_region():
    """Regression 15."""
    painter = Painter(highlights([PLAYER], Settings("spotlight"), SIZE))
    frame = frame_of(picture())
    changed = [painter.paint(frame, Fraction(t), upright()) is not frame for t in (-1, 0, 9, 10, 11)]
    assert changed == [False, True, True, False, False]


def test_a_spot_of_no_strength_leaves_the_frame_alone():
    frame = frame_of(picture())
    painter = Painter(highlights([replace(PLAYER, s=0.0)], Settings("blur"), SIZE))
    assert painter.paint(frame, NOW, upright()) is frame


def test_the_given_frame_stays_as_it_was():
    planes = picture()
    frame = frame_of(planes)
    drawn = Painter(highlights([PLAYER], Settings("blur"), SIZE)).paint(frame, NOW, upright())
    assert drawn is not frame
    assert all((kept == plane).all() for kept, plane in zip(copied(frame), planes, strict=True))


def test_a_drawn_frame_keeps_its_time_and_colours():
    frame = frame_of(picture())
    frame.pts, frame.time_base, frame.color_primaries, frame.color_trc = 7, Fraction(1, 90), 1, 1
    drawn = Painter(highlights([PLAYER], Settings("dark_overlay"), SIZE)).paint(frame, NOW, upright())
    told = [(f.pts, f.time_base, f.colorspace, f.color_range, f.color_primaries, f.color_trc) for f in (frame, drawn)]
    assert told[0] == told[1]


@pytest.mark.parametrize("effect", ["original", "brightness_boost"])
def test_nothing_changes_outside_the_bounds_of_a_spot(effect):
    planes = picture()
    drawn = painted(planes, [PLAYER], Settings(effect))
    for index, plane in enumerate(planes):
        rows, columns = np.nonzero(drawn[index] != plane)
        scale = 2 if index else 1
        assert columns.min() * scale >= PLAYER.x - PLAYER.rx - 6
        assert columns.max() * scale <= PLAYER.x + PLAYER.rx + 6
        assert rows.min() * scale >= PLAYER.y - PLAYER.ry - 6
        assert rows.max() * scale <= PLAYER.y + PLAYER.ry + 6


def test_a_ground_spot_has_no_stroke_behind_the_feet():
    """Regression 23."""
    planes = [np.full((160, 240), 100, np.uint8), *(np.full((80, 120), 128, np.uint8) for _ in range(2))]
    mark = Mark(120, 60, 52, 52, fill=0.0, colour=RED)
    luma = painted(planes, [mark], Settings("original", ground=True))[0]
    disc_y, disc_ry = 60 + 52 / 1.3, 52 * 0.3
    behind = luma[: int(disc_y - disc_ry / 2) - 1]
    assert (behind == 100).all()
    assert (luma[int(disc_y + disc_ry) - 1 : int(disc_y + disc_ry) + 1, 120] != 100).any()


def test_drawing_a_second_frame_keeps_nothing_of_the_first():
    painter = Painter(highlights([PLAYER], Settings("dark_overlay"), SIZE))
    painter.paint(frame_of(picture(seed=1)), NOW, upright())
    again = painter.paint(frame_of(picture(seed=2)), NOW, upright())
    assert all(
        (left == right).all()
        for left, right in zip(copied(again), painted(picture(seed=2), [PLAYER], Settings("dark_overlay")), strict=True)
    )


def test_a_moving_spot_is_drawn_where_it_is():
    moving = replace(
        highlights([PLAYER], Settings("original"), SIZE).regions[0], x=Track([(Fraction(0), 20), (Fraction(2), 60)])
    )
    painter = Painter(replace(highlights([PLAYER], Settings("original"), SIZE), regions=(moving,)))
    for t in (0, 1, 2):
        drawn = copied(painter.paint(frame_of(picture()), Fraction(t), upright()))
        wanted = painted(picture(), [replace(PLAYER, x=20 + 20 * t)], Settings("original"))
        assert all((left == right).all() for left, right in zip(drawn, wanted, strict=True))


def test_layers_lie_on_highlights():
    blank = np.full((64, 96, 3), 255, np.uint8)
    sticker = Sticker(0, 0, blank, np.full((64, 96), 255, np.uint8))
    layer = Layer(Fraction(0), Fraction(5), 1.0, Fraction(0), TextLayer("x", 0, 0), Fraction(0))
    painter = Painter(highlights([PLAYER], Settings("spotlight"), SIZE), [DrawnLayer(layer, sticker)])
    luma, blue, red = copied(painter.paint(frame_of(picture()), NOW, upright()))
    assert (luma == 235).all()
    assert (blue == 128).all()
    assert (red == 128).all()
