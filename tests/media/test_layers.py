from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW, pixels

from clipmill.media.geometry import Rectangle, Size
from clipmill.media.layers import Anchor, ImageLayer, Layer, TextLayer, anchored

E = Fraction(1, 1000)
TEXT = TextLayer("2:1", 0, 0)


def layer(start="0", end="2", opacity=1.0, fade_out="0.25", tolerance=Fraction(0)) -> Layer:
    return Layer(Fraction(start), Fraction(end), opacity, Fraction(fade_out), TEXT, tolerance)


@pytest.mark.parametrize(
    ("t", "strength"),
    [("-0.01", 0), ("0", 1), ("1.75", 1), ("1.875", 0.5), ("1.95", 0.2), ("1.999", 0.004), ("2", 0), ("3", 0)],
)
def test_a_layer_shows_from_its_start_and_fades_to_its_end(t, strength):
    assert layer().strength(Fraction(t)) == strength


def test_frames_that_miss_both_ends_by_the_tolerance_count_as_on_them():
    shown = layer("1", "2", fade_out="0", tolerance=E)
    times = [1 - E - E / 10, 1 - E, Fraction(1), 2 - E - E / 10, 2 - E]
    assert [shown.strength(t) for t in times] == [0, 1, 1, 1, 0]


def test_without_fade_the_opacity_holds_to_the_end():
    assert layer(opacity=0.5, fade_out="0").strength(Fraction("1.999999")) == 0.5


def test_a_fade_longer_than_the_layer_begins_part_way():
    assert layer("1", "2", fade_out="4").strength(Fraction(1)) == 0.25


@LAW
@given(st.fractions(-1, 4), st.floats(0, 1), st.fractions(0, 3))
def test_a_layer_is_never_stronger_than_its_opacity_and_only_fades(t, opacity, fade):
    shown = Layer(Fraction(0), Fraction(2), opacity, fade, TEXT, E)
    assert 0 <= shown.strength(t) <= opacity
    if t >= 0:
        assert shown.strength(t) >= shown.strength(t + Fraction(1, 10))


@pytest.mark.parametrize("anchor", Anchor)
@LAW
@given(x=pixels, y=pixels, width=st.integers(1, 400), height=st.integers(1, 400))
def test_the_anchor_point_of_a_box_is_at_the_place_asked_for(anchor, x, y, width, height):
    box = anchored(x, y, anchor, Size(width, height))
    points = {
        "left": (box.left, None),
        "right": (box.right, None),
        "top": (None, box.top),
        "bottom": (None, box.bottom),
    }
    across, down = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    for part in anchor.value.split("-"):
        named = points.get(part, (None, None))
        across = across if named[0] is None else named[0]
        down = down if named[1] is None else named[1]
    assert (box.width, box.height) == (width, height)
    assert abs(across - x) <= 0.5
    assert abs(down - y) <= 0.5


@LAW
@given(*[st.integers(-100, 100)] * 2, *[st.integers(0, 200)] * 2)
def test_the_part_of_a_rectangle_inside_a_frame_holds_its_pixels_on_the_frame(left, top, width, height):
    frame = Size(64, 36)
    part = Rectangle(left, top, width, height).inside(frame)
    columns = set(range(left, left + width)) & set(range(frame.width))
    rows = set(range(top, top + height)) & set(range(frame.height))
    assert set(range(part.left, part.right)) == columns
    assert set(range(part.top, part.bottom)) == rows


def test_a_text_without_size_is_a_twentieth_of_the_frame_high():
    assert TEXT.size_on(Size(1920, 1080)) == 54
    assert TEXT.size_on(Size(640, 350)) == 18
    assert TextLayer("2:1", 0, 0, size=10.5).size_on(Size(1920, 1080)) == 10.5


def test_only_a_picture_without_any_length_fills_the_frame():
    assert ImageLayer(b"").fills_frame
    assert not any(ImageLayer(b"", **{name: 0}).fills_frame for name in ("x", "y", "width", "height"))
