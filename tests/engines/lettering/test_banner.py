from dataclasses import replace

import numpy as np
import pytest
from tests.engines.lettering.ink import extent, on_frame

from clipmill.engines.lettering import banner_sticker
from clipmill.media.banner import Banner, banner_plan
from clipmill.media.geometry import Size

FRAMES = [Size(1920, 1080), Size(640, 360), Size(1080, 1920), Size(320, 180)]
GOOD = Banner("!", "#2E7D32", "Corner", "near post")
GREEN = (0x2E, 0x7D, 0x32)


def drawn(banner: Banner, frame: Size) -> np.ndarray:
    return on_frame(banner_sticker(banner, frame), frame)


def ink_rows(picture: np.ndarray) -> np.ndarray:
    """The rows in which something dark stands, and nothing of the border."""
    middle = picture[:, picture.shape[1] // 8 : -picture.shape[1] // 8]
    return np.flatnonzero((middle[..., :3].max(axis=2) < 90).any(axis=1) & (middle[..., 3] == 255).all(axis=1))


@pytest.mark.parametrize("frame", FRAMES)
def test_the_border_reaches_as_far_as_the_plan_says(frame):
    border = banner_plan(frame, has_remark=True).border
    assert extent(banner_sticker(GOOD, frame)) == (border.left, border.top, border.right, border.bottom)


def test_the_box_lies_inside_a_border_of_the_ratings_colour():
    picture, plan = drawn(GOOD, FRAMES[0]), banner_plan(FRAMES[0], has_remark=True)
    frame = picture[plan.border.top : plan.border.bottom, plan.border.left : plan.border.right]
    assert {tuple(pixel) for edge in (frame[:4], frame[-4:]) for pixel in edge.reshape(-1, 4)} == {(*GREEN, 255)}
    assert {tuple(pixel) for pixel in frame[:, [0, 3, -4, -1]].reshape(-1, 4)} == {(*GREEN, 255)}
    # White of 0.95 over the colour.
    expected = [0.95 * 255 + 0.05 * level for level in GREEN]
    assert frame[5, 5, :3] == pytest.approx(expected, abs=1)


def test_the_title_is_black_above_notes_of_dark_grey():
    picture, plan = drawn(GOOD, FRAMES[0]), banner_plan(FRAMES[0], has_remark=True)
    title, notes = picture[plan.title_top : plan.remark_top - 2], picture[plan.remark_top : plan.box.bottom]
    across = slice(plan.box.left, plan.box.right)
    assert title[:, across, :3].max(axis=2).min() == 0
    assert notes[:, across, :3].max(axis=2).min() == 0x33


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("name", ["Goal", "A name that is very much too long for any box " * 3])
def test_the_lines_are_centred_and_stay_within_the_box(frame, name):
    picture, plan = drawn(replace(GOOD, name=name, notes=""), frame), banner_plan(frame, has_remark=False)
    inside = picture[plan.box.top : plan.box.bottom, plan.box.left : plan.box.right, :3].max(axis=2)
    columns = np.flatnonzero((inside < 128).any(axis=0))
    free = plan.box.width - plan.line_width
    assert columns[0] >= free // 2 - 1
    assert plan.box.width - 1 - columns[-1] >= free // 2 - 1
    assert columns[0] == pytest.approx(plan.box.width - 1 - columns[-1], abs=plan.title_size / 3)


def test_a_title_that_is_too_long_ends_in_an_ellipsis():
    frame = FRAMES[1]
    plan = banner_plan(frame, has_remark=False)
    picture = drawn(replace(GOOD, name="H" * 200, notes=""), frame)
    inside = picture[plan.box.top : plan.box.bottom, plan.box.left : plan.box.right, :3].max(axis=2) < 128
    end = np.flatnonzero(inside.any(axis=0))[-1]
    dots = inside[:, end - plan.title_size // 2 : end + 1]
    letters = inside[:, plan.box.width // 2 - plan.title_size : plan.box.width // 2]
    # Three dots stand on the base line; a letter reaches to the top.
    assert np.flatnonzero(dots.any(axis=1)).size < np.flatnonzero(letters.any(axis=1)).size / 2


def test_a_banner_without_notes_is_lower_and_has_one_line():
    with_notes, without = banner_sticker(GOOD, FRAMES[0]), banner_sticker(replace(GOOD, notes=""), FRAMES[0])
    assert with_notes.alpha.shape[0] - without.alpha.shape[0] == 30
    one, two = ink_rows(drawn(replace(GOOD, notes=""), FRAMES[0])), ink_rows(drawn(GOOD, FRAMES[0]))
    assert two[-1] > 52 > one[-1]


@pytest.mark.parametrize("name", ["100%", "a:b;c", "back\\slash", "'quotes' \"double\"", "[x]=#,", "%{pts} $(ls)"])
def test_names_are_drawn_as_they_are_written(name):
    """Every sign leaves ink of its own: the name without one of them looks different."""
    whole = banner_sticker(replace(GOOD, name=name), FRAMES[1])
    for place, sign in enumerate(name):
        if sign != " ":
            other = banner_sticker(replace(GOOD, name=name[:place] + name[place + 1 :]), FRAMES[1])
            assert not np.array_equal(whole.rgb, other.rgb)


def test_a_line_break_in_a_name_is_drawn_as_a_space():
    broken, spaced = (banner_sticker(replace(GOOD, name=name), FRAMES[1]) for name in ("a\nb", "a b"))
    assert np.array_equal(broken.rgb, spaced.rgb)


def test_a_tab_and_half_a_sign_are_drawn_as_signs_that_exist():
    odd, plain = (banner_sticker(replace(GOOD, name=name), FRAMES[1]) for name in ("a\tb\ud800", "a b\ufffd"))
    assert np.array_equal(odd.rgb, plain.rgb)


@pytest.mark.parametrize("frame", [Size(16, 16), Size(16, 7680), Size(7680, 16)])
def test_frames_of_any_shape_have_a_banner(frame):
    sticker = banner_sticker(replace(GOOD, name="x" * 50), frame)
    left, top, right, bottom = extent(sticker)
    assert (0 <= left < right <= frame.width, 0 <= top < bottom <= frame.height) == (True, True)
