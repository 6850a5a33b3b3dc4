from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.lettering.ink import FRAME, extent, on_frame

from clipmill.engines.lettering import check_layer, layer_sticker
from clipmill.engines.lettering.fonts import font, shapes
from clipmill.engines.lettering.text import text_block
from clipmill.errors import InvalidLayerError
from clipmill.media.geometry import Size
from clipmill.media.layers import Align, Anchor, TextLayer, Weight

LAW = settings(max_examples=25, deadline=None)
PLAIN = TextLayer("Hxx", 160, 90, size=24)
BOXED = replace(PLAIN, text="Two\nlines", box_color="#203080", box_opacity=1.0)


def drawn(layer: TextLayer, frame: Size = FRAME) -> np.ndarray:
    return on_frame(layer_sticker(layer, frame, 0), frame)


@pytest.mark.parametrize("anchor", Anchor)
@LAW
@given(x=st.floats(100, 220), y=st.floats(70, 110))
def test_the_anchor_point_of_the_text_box_is_at_the_place_asked_for(anchor, x, y):
    x, y = round(x, 2), round(y, 2)
    left, top, right, bottom = extent(layer_sticker(replace(BOXED, x=x, y=y, anchor=anchor), FRAME, 0))
    named = anchor.value.split("-")
    across = left if "left" in named else right if "right" in named else (left + right) / 2
    down = top if "top" in named else bottom if "bottom" in named else (top + bottom) / 2
    assert abs(across - x) <= 0.5
    assert abs(down - y) <= 0.5


def test_capital_letters_are_as_high_as_the_face_makes_them():
    left, top, right, bottom = extent(layer_sticker(replace(PLAIN, text="H", size=100), FRAME, 0))
    assert bottom - top == pytest.approx(72.9, abs=1)
    assert right - left == pytest.approx(55.4, abs=2)


@LAW
@given(st.integers(10, 80))
def test_letters_grow_with_their_size(size):
    left, top, right, bottom = extent(layer_sticker(replace(PLAIN, size=size), FRAME, 0))
    assert bottom - top == pytest.approx(0.729 * size, abs=2)
    assert (left + right) / 2 == pytest.approx(160, abs=size / 10 + 1)


def test_a_text_without_size_follows_the_frame():
    heights = [
        np.diff(extent(layer_sticker(replace(PLAIN, size=None, x=50, y=50), Size(400, height), 0))[1::2])[0]
        for height in (400, 800)
    ]
    assert heights[1] == pytest.approx(2 * heights[0], abs=2)


def test_letters_have_their_colour_and_soft_edges():
    sticker = layer_sticker(replace(PLAIN, text="O", size=80, color="#12AB34"), FRAME, 0)
    assert set(map(tuple, sticker.rgb[sticker.alpha > 0])) == {(0x12, 0xAB, 0x34)}
    assert 255 in sticker.alpha
    assert len(set(sticker.alpha.ravel())) > 20


def test_bold_letters_hold_more_ink():
    regular, bold = (drawn(replace(PLAIN, weight=weight))[..., 3].sum() for weight in Weight)
    assert bold > 1.2 * regular


def test_an_outline_surrounds_the_letters_and_leaves_them_as_they_are():
    plain = drawn(replace(PLAIN, size=60, color="#FFFFFF"))
    outlined = drawn(replace(PLAIN, size=60, color="#FFFFFF", outline_color="#C00000", outline_width=4))
    ink, both = plain[..., 3] == 255, outlined[..., 3] == 255
    assert np.array_equal(outlined[ink], plain[ink])
    near = np.zeros_like(ink)
    for across in (-2, 0, 2):
        for down in (-2, 0, 2):
            near |= np.roll(ink, (down, across), (0, 1))
    assert both[near].mean() > 0.99
    ring = both & (plain[..., 3] == 0)
    assert set(map(tuple, outlined[ring][:, :3])) == {(0xC0, 0, 0)}
    left, top, right, bottom = extent(layer_sticker(replace(PLAIN, size=60), FRAME, 0))
    grown = extent(layer_sticker(replace(PLAIN, size=60, outline_width=4), FRAME, 0))
    assert grown == pytest.approx((left - 4, top - 4, right + 4, bottom + 4), abs=1)


def test_a_box_lies_under_the_letters_with_its_own_opacity():
    picture = drawn(replace(BOXED, box_opacity=0.5, color="#FFFFFF"))
    box = text_block(BOXED, FRAME, 0).box
    inside = picture[box.top : box.bottom, box.left : box.right]
    assert tuple(inside[0, 0]) == (0x20, 0x30, 0x80, 128)
    assert (inside[..., 3] == 255).any()
    assert inside[..., 3].min() == 128
    assert extent(layer_sticker(BOXED, FRAME, 0)) == (box.left, box.top, box.right, box.bottom)


def test_every_line_break_begins_a_line_below():
    heights = [text_block(replace(PLAIN, text=text), FRAME, 0).box.height for text in ("a", "a\nb", "a\n\nb")]
    assert (heights[1], heights[2]) == (2 * heights[0], 3 * heights[0])
    rows = drawn(replace(PLAIN, text="H\n\nH"))[..., 3].any(axis=1)
    assert (np.diff(rows.astype(int)) == 1).sum() == 2


@pytest.mark.parametrize(("align", "place"), [(Align.LEFT, 0), (Align.CENTER, 0.5), (Align.RIGHT, 1)])
def test_the_shorter_line_stands_as_aligned(align, place):
    layer = replace(PLAIN, text="HHHHHHHH\nH", align=align)
    picture, box = drawn(layer)[..., 3], text_block(layer, FRAME, 0).box
    middle = box.top + box.height // 2
    long, short = (np.flatnonzero(rows.any(axis=0)) for rows in (picture[:middle], picture[middle:]))
    free = (long[-1] - long[0]) - (short[-1] - short[0])
    assert short[0] - long[0] == pytest.approx(free * place, abs=1)


WORDS = "the quick brown fox jumps over the lazy dog and runs"


@LAW
@given(st.integers(60, 300))
def test_wrapped_lines_stay_within_the_width(max_width):
    layer = replace(PLAIN, text=WORDS, size=12, max_width=max_width)
    left, _, right, _ = extent(layer_sticker(layer, FRAME, 0))
    # A letter's ink may hang over the room that is its own by a pixel.
    assert right - left <= max_width + 2
    assert " ".join(line for line, *_ in text_block(layer, FRAME, 0).lines) == WORDS


def test_a_word_longer_than_the_width_stays_whole():
    lines = [line for line, *_ in text_block(replace(PLAIN, text="a incomprehensible b", max_width=40), FRAME, 0).lines]
    assert lines == ["a", "incomprehensible", "b"]


LITERAL = [
    "100%",
    "a:b",
    "a;b",
    "[x]",
    "back\\n",
    "it's",
    '"so"',
    "%{pts}",
    "$HOME",
    "<b>",
    "&amp;",
    "`ls`",
    "{}",
    "a,b=c",
]


@pytest.mark.parametrize("text", LITERAL)
def test_every_sign_is_drawn_as_itself(text):
    block = text_block(replace(PLAIN, text=text), FRAME, 0)
    assert [line for line, *_ in block.lines] == [text]
    widths = [text_block(replace(PLAIN, text=sign), FRAME, 0).box.width for sign in text]
    assert block.box.width == pytest.approx(sum(widths), abs=len(text) + 2)


def test_a_sign_that_no_font_has_is_a_visible_box():
    column = drawn(replace(PLAIN, text="\U0001f945", size=60))[..., 3]
    left, top, right, bottom = extent(layer_sticker(replace(PLAIN, text="\U0001f945", size=60), FRAME, 0))
    inside = column[top:bottom, left:right]
    assert inside.shape[0] > 30
    assert inside[0].min() > 0
    assert inside[:, 0].min() > 0
    assert inside[inside.shape[0] // 2, inside.shape[1] // 2] == 0


def test_a_text_half_outside_the_frame_is_drawn_as_far_as_it_lies_inside():
    layer = replace(PLAIN, text="HHHHHH", x=0, y=90)
    wide = on_frame(layer_sticker(replace(layer, x=160), Size(640, 180), 0), Size(640, 180))
    assert np.array_equal(drawn(layer)[:, :100, 3], wide[:, 160:260, 3])


@pytest.mark.parametrize("place", [{"x": -500.0}, {"y": 5000.0}, {"x": 1e300}, {"y": -1e300}])
def test_a_text_outside_the_frame_is_an_empty_sticker(place):
    sticker = layer_sticker(replace(BOXED, **place), FRAME, 0)
    assert sticker.alpha.size == 0
    assert sticker.rgb.shape[:2] == sticker.alpha.shape


def test_a_sticker_is_no_larger_than_what_it_shows():
    sticker = layer_sticker(replace(PLAIN, text="H"), FRAME, 0)
    assert all(edge.any() for edge in (sticker.alpha[0], sticker.alpha[-1], sticker.alpha[:, 0], sticker.alpha[:, -1]))
    assert sticker.rgb.shape == (*sticker.alpha.shape, 3)
    assert (sticker.rgb.dtype, sticker.alpha.dtype) == (np.uint8, np.uint8)


def test_a_line_too_large_to_draw_is_refused_by_its_index():
    with pytest.raises(InvalidLayerError, match="max_width") as refusal:
        check_layer(replace(PLAIN, text="x" * 2000, size=7680), FRAME, 4)
    assert refusal.value.details == {"index": 4}


needs_shaping = pytest.mark.skipif(not shapes(), reason="the machine has no FriBiDi library")


@needs_shaping
def test_accents_above_the_line_are_not_cut_off():
    layer = replace(PLAIN, text="A\u0302\u0301\u0301\u0301", size=60)
    _, top, _, _ = extent(layer_sticker(layer, FRAME, 0))
    assert top < text_block(layer, FRAME, 0).box.top


@needs_shaping
def test_arabic_letters_join():
    def width(text: str) -> int:
        return text_block(replace(PLAIN, text=text, size=48), FRAME, 0).box.width

    assert width("ببب") < 0.8 * width("ب\u200cب\u200cب")


@needs_shaping
@pytest.mark.parametrize("weight", Weight)
def test_hebrew_runs_from_right_to_left(weight):
    """The first letter, a wide one, stands right of the second, a narrow one."""
    layer = replace(PLAIN, text="שי", size=60, weight=weight)
    columns = drawn(layer)[..., 3].any(axis=0)
    edges = np.flatnonzero(np.diff(columns.astype(int)))
    narrow, wide = np.diff(edges)[::2]
    assert wide > 1.5 * narrow


def test_without_the_shaping_library_texts_are_still_drawn(monkeypatch):
    monkeypatch.setattr("PIL.features.check", lambda _: False)
    caches = (shapes, font)
    try:
        [cache.cache_clear() for cache in caches]
        assert not shapes()
        plain, steered = (drawn(replace(PLAIN, text=text))[..., 3] for text in ("Tor שלום", "Tor \u2067שלום\u2069"))
        assert np.array_equal(plain, steered)
        assert plain.any()
    finally:
        [cache.cache_clear() for cache in caches]
