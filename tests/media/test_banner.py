from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW

from clipmill.media.banner import Banner, banner_plan
from clipmill.media.geometry import Rectangle, Size

HD = Size(1920, 1080)


def test_the_banner_of_full_hd_has_the_lengths_as_they_are_written():
    plan = banner_plan(HD, has_remark=True)
    assert plan.box == Rectangle(192, 10, 1536, 80)
    assert plan.border == Rectangle(188, 6, 1544, 88)
    assert (plan.title_top, plan.title_size, plan.remark_top, plan.remark_size) == (20, 24, 50, 16)
    assert plan.line_width == 1516


def test_a_banner_without_notes_is_lower():
    assert banner_plan(HD, has_remark=False).box == Rectangle(192, 10, 1536, 50)


def test_low_frames_keep_half_the_lengths():
    plan = banner_plan(Size(640, 360), has_remark=True)
    assert plan.box == Rectangle(64, 5, 512, 40)
    assert (plan.title_size, plan.remark_size) == (12, 8)
    assert plan.box.top == banner_plan(Size(640, 100), has_remark=True).box.top


def test_halves_of_pixels_go_up():
    plan = banner_plan(Size(1215, 675), has_remark=True)
    # A scale of 0.625: 121.5, 6.25, 972, 50, 12.5 and 31.25.
    assert plan.box == Rectangle(122, 6, 972, 50)
    assert plan.border == plan.box.grown(3)
    assert (plan.title_top, plan.remark_top) == (13, 31)


@LAW
@given(st.integers(16, 7680), st.integers(16, 7680), st.booleans())
def test_the_border_lies_around_the_box_on_every_side(width, height, has_remark):
    plan = banner_plan(Size(width, height), has_remark=has_remark)
    assert plan.border.left < plan.box.left
    assert plan.border.top < plan.box.top
    assert plan.border.right - plan.box.right == plan.box.left - plan.border.left
    assert plan.border.bottom - plan.box.bottom == plan.box.top - plan.border.top


def test_line_breaks_in_names_and_notes_become_spaces():
    banner = Banner("!?", "#1565C0", "one\r\ntwo", "three\nfour\u2028five")
    assert banner.title == "!?  one two"
    assert banner.remark == "three four five"


def test_the_first_hundred_characters_of_the_notes_are_shown():
    assert Banner("!", "#2E7D32", "Name", "ab" * 60).remark == "ab" * 50
    assert Banner("!", "#2E7D32", "Name", "x" * 100).remark == "x" * 100


def test_blank_notes_are_none():
    assert not Banner("!", "#2E7D32", "Name", " \n ").remark


def test_spaces_and_signs_of_a_name_are_kept():
    assert Banner("??", "#C62828", "100%  a:b\\c [x]").title == "??  100%  a:b\\c [x]"
