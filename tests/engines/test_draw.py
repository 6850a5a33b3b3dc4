from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from tests.engines.damage import cut_off, damaged
from tests.engines.drawing import (
    as_displayed,
    clip_plan,
    draw,
    first_planes,
    flat,
    lossless_video,
    picture_of,
    with_display_matrix,
)
from tests.engines.footage import MEDIA, needs_footage
from tests.engines.reference import cropped, psnr
from tests.media_factory import VARIANTS, Recipe, make_video, marker_x, read_frame_number, read_marker

from clipmill.engines.draw import ClipDrawer
from clipmill.errors import CorruptMediaError
from clipmill.media.choices import Motion
from clipmill.media.geometry import Fit, largest_box, largest_rotated_box
from clipmill.media.timeline import Piece, Timeline

PHONE = (90, 160)


def played(*pieces: tuple[float, float, float]) -> Timeline:
    """A timeline from (start, end, speed)."""
    return Timeline(tuple(Piece(*(Fraction(str(value)) for value in piece)) for piece in pieces))


def between(first: Iterable[float], last: Iterable[float], part: float) -> tuple[float, ...]:
    return tuple(a + (b - a) * part for a, b in zip(first, last, strict=True))


# The box of a frame


def test_a_moving_crop_shows_the_marker_where_it_is(videos):
    recipe = VARIANTS["cfr_25"]
    first, last = (100, 20, 400, 340), (200.5, 0, 340.7, 360)
    drawn = draw(videos("cfr_25"), (180, 160), (0, first), (1.96, last), fit=Fit.STRETCH)
    seen = 0
    for number, luma in enumerate(drawn.lumas):
        box = between(first, last, number / 49)
        where = marker_x(recipe.times[number], 640)
        if box[0] + 12 < where < box[0] + box[2] - 12:
            assert read_marker(luma, (640, 360), box) == pytest.approx(where, abs=0.4)
            seen += 1
        assert read_frame_number(luma, (640, 360), box) == number
    assert seen > 20


@needs_footage
def test_every_frame_of_a_zoom_comes_within_40_db_of_lanczos_3(tmp_path):
    luma, *_ = first_planes(MEDIA / "footage/sport/soccer_juggle_720p.mp4")
    still = tuple(plane[: 720 // part, : 1280 // part] for plane, part in ((luma, 1), (luma, 2), (luma, 2)))
    path = lossless_video(tmp_path / "still.mp4", [still] * 21)
    # From two to one down to enlarging: it passes one to one on the way.
    first, last = (300.3, 20.1, 360.0, 640.0), (512.7, 101.9, 135.0, 240.0)
    drawn = draw(path, (180, 320), (0, first), (2, last))
    for number, frame in enumerate(drawn.lumas):
        assert psnr(frame, cropped(luma, between(first, last, number / 20), (320, 180))) >= 40


def test_a_pan_of_a_tenth_of_a_pixel_moves_in_every_frame(tmp_path):
    rows = np.tile((120 + 100 * np.sin(np.arange(320) * 2 * np.pi / 10)).round().astype(np.uint8), (180, 1))
    path = lossless_video(tmp_path / "still.mp4", [(rows, *flat(0, (320, 180))[1:])] * 41)
    for width, output in ((90, 90), (60, 90), (180, 90)):
        drawn = draw(path, (output, output), (0, (40, 10, width, width)), (4, (44, 10, width, width)))
        profiles = [luma.mean(axis=0) for luma in drawn.lumas]
        # The phase of the wave tells the position; 10 px are a full turn.
        wave = np.exp(2j * np.pi * (np.arange(output) + 0.5) * width / output / 10)
        window = np.hanning(output)
        phases = np.unwrap([np.angle(((profile - profile.mean()) * window / wave).sum()) for profile in profiles])
        steps = np.diff(phases) / (2 * np.pi) * 10
        assert steps == pytest.approx(np.full(40, 0.1), abs=0.045)
        assert all(not np.array_equal(before, after) for before, after in pairwise(drawn.lumas))


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ((-50, -30, 180, 320), (0, 0, 180, 320)),
        ((600, 200, 180, 320), (460, 40, 180, 320)),
        ((2000, 2000, 90, 160), (550, 200, 90, 160)),
        ((-100, -100, 1280, 720), (0, 0, 640, 360)),
    ],
    ids=["left and above", "right and below", "far away", "larger than the frame"],
)
def test_a_box_that_leaves_the_frame_is_moved_inside_then_shrunk(videos, asked, shown):
    drawn, inside = (draw(videos("cfr_30"), PHONE, (0, box), frames=(0, 2)) for box in (asked, shown))
    assert np.array_equal(drawn.lumas[1], inside.lumas[1])


def test_without_keys_the_largest_centred_box_is_shown(videos):
    box = largest_box(picture_of(videos("cfr_30")).displayed, Fraction(90, 160))
    drawn = draw(videos("cfr_30"), PHONE, frames=(5, 6))
    keyed = draw(videos("cfr_30"), PHONE, (0, (box.x, box.y, box.width, box.height)), frames=(5, 6))
    assert np.array_equal(drawn.lumas[0], keyed.lumas[0])
    assert read_frame_number(drawn.lumas[0], (640, 360), (box.x, box.y, box.width, box.height)) == 5


# Fit

SQUARE = (180.4, 0.0, 280.0, 280.0)


def test_cover_cuts_the_side_that_is_too_long(videos):
    covered = draw(videos("cfr_30"), PHONE, (0, SQUARE), fit=Fit.COVER, frames=(0, 1))
    inner = (180.4 + (280 - 157.5) / 2, 0, 157.5, 280)
    assert np.array_equal(covered.lumas[0], draw(videos("cfr_30"), PHONE, (0, inner), frames=(0, 1)).lumas[0])


def test_contain_shows_the_whole_box_on_its_ground(videos):
    contained = draw(videos("cfr_30"), PHONE, (0, SQUARE), fit=Fit.CONTAIN, pad_color="#C82828", frames=(0, 1)).frames[
        0
    ]
    alone = draw(videos("cfr_30"), (90, 90), (0, SQUARE), frames=(0, 1)).frames[0]
    for plane, picture, level, part in zip(contained, alone, (80, 112, 198), (1, 2, 2), strict=True):
        # 35 px above rounds to even.
        top = 34 // part
        assert np.array_equal(plane[top : top + 90 // part], picture)
        assert set(plane[:top].ravel()) | set(plane[top + 90 // part :].ravel()) == {level}


def test_stretch_shows_the_whole_box_on_the_whole_output(videos):
    stretched = draw(videos("cfr_30"), PHONE, (0, SQUARE), fit=Fit.STRETCH, frames=(0, 1)).lumas[0]
    assert psnr(stretched, cropped(first_planes(videos("cfr_30"))[0], SQUARE, (160, 90))) >= 40


def test_boxes_of_an_older_ratio_give_an_undistorted_picture(videos):
    """The output is 16:9 now, the boxes were made for 9:16."""
    stale = (219.0, 0.0, 202.5, 360.0)
    luma = draw(videos("cfr_30"), (160, 90), (0, stale), frames=(7, 8)).lumas[0]
    height = 202.5 * 9 / 16
    assert luma.shape == (90, 160)
    assert read_frame_number(luma, (640, 360), (219.0, (360 - height) / 2, 202.5, height)) == 7


def test_boxes_that_nearly_have_the_ratio_are_stretched(videos):
    nearly = (200.0, 0.0, 203.5, 360.0)
    covered, stretched = (
        draw(videos("cfr_30"), PHONE, (0, nearly), fit=fit, frames=(0, 1)) for fit in (Fit.COVER, Fit.STRETCH)
    )
    assert np.array_equal(covered.lumas[0], stretched.lumas[0])


# How the source is stored


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Path:
    """One picture in which no two corners are alike."""
    rows, columns = np.mgrid[0:180, 0:320]
    luma = (60 + columns / 4 + rows / 3 + 20 * np.sin(columns / 9) * np.cos(rows / 7)).astype(np.uint8)
    noise = np.random.default_rng(3)
    chroma = [cropped(noise.integers(20, 236, (30, 54)), (0, 0, 54, 30), (90, 160)).clip(1, 254).astype(np.uint8)] * 2
    return lossless_video(tmp_path_factory.mktemp("draw") / "stored.mp4", [(luma, *chroma)] * 2)


@pytest.mark.parametrize(("turns", "mirrored"), list(product(range(4), (False, True))))
def test_a_crop_lands_on_the_picture_as_it_is_displayed(stored, tmp_path, turns, mirrored):
    path = with_display_matrix(stored, tmp_path / "turned.mp4", turns, mirrored=mirrored)
    shown = as_displayed(first_planes(stored)[0], turns, mirrored=mirrored)
    whole = draw(path, shown.shape[::-1], (0, (0, 0, *shown.shape[::-1])), frames=(0, 1)).lumas[0]
    assert np.array_equal(whole, shown)
    box = (21.3, 10.6, 90.0, 160.0)
    assert psnr(draw(path, PHONE, (0, box), frames=(0, 1)).lumas[0], cropped(shown, box, (160, 90))) >= 45


@pytest.mark.parametrize(("turns", "mirrored"), list(product(range(4), (False, True))))
@pytest.mark.parametrize("side", [0.5, 0.9775, 2.03])
def test_colours_stand_where_the_displayed_picture_has_them(stored, tmp_path, side, turns, mirrored):
    path = with_display_matrix(stored, tmp_path / "turned.mp4", turns, mirrored=mirrored)
    count = int(100 / side) // 2 * 2
    box = (30.3, 24.1, count * side, count * side)
    drawn = draw(path, (count, count), (0, box), frames=(0, 1)).frames[0][1]
    plane = as_displayed(first_planes(stored)[1], turns, mirrored=mirrored)
    # Where the middle of the first sample lies, in pixels: on the left one of two columns as stored, and it turns along.
    x, y = (1.5 if mirrored else 0.5), 1.0
    for _ in range(turns):
        x, y = 2 - y, x

    def error(right: float, down: float) -> float:
        start = (box[0] + right + 0.5 * side - x) / 2, (box[1] + down + side - y) / 2
        part = (start[0] + 0.5 - side / 2, start[1] + 0.5 - side / 2, count // 2 * side, count // 2 * side)
        return float(np.mean((cropped(plane, part, drawn.shape) - drawn) ** 2))

    for way in ((0.2, 0), (0, 0.2)):
        before, here, after = (error(way[0] * sign, way[1] * sign) for sign in (-1, 0, 1))
        assert here < min(before, after)
        # The bottom of the parabola through the three errors is the shift.
        assert abs(0.1 * (before - after) / (before + after - 2 * here)) <= 0.1


@pytest.mark.parametrize("name", ["h264_422", "odd_444", "odd_vp9", "h264_10_bit", "hevc_10_bit", "wide_pixels"])
def test_a_crop_of_any_kind_of_planes_comes_within_40_db_of_lanczos_3(videos, name):
    recipe = VARIANTS[name]
    luma = first_planes(videos(name))[0] / (4 if "10_bit" in name else 1)
    width, height = recipe.displayed
    box = (width * 0.21 + 0.3, height * 0.1 + 0.4, height * 0.45, height * 0.8)
    drawn = draw(videos(name), PHONE, (0, box), frames=(0, 1)).lumas[0]
    across = recipe.size[0] / width
    assert drawn.dtype == np.uint8
    assert psnr(drawn, cropped(luma, (box[0] * across, box[1], box[2] * across, box[3]), (160, 90))) >= 40


@pytest.mark.parametrize("degrees", [8, -8])
@pytest.mark.parametrize("name", ["cfr_30", "rotated_90", "wide_pixels"])
def test_a_turned_clip_still_shows_its_numbers(videos, name, degrees):
    displayed = picture_of(videos(name)).displayed
    drawn = draw(videos(name), PHONE, rotation=degrees, frames=(0, 3))
    box = largest_rotated_box(displayed, Fraction(90, 160), degrees)
    view = (box.x, box.y, box.width, box.height)
    numbers = [read_frame_number(luma, VARIANTS[name].displayed, view, degrees) for luma in drawn.lumas]
    assert numbers == [0, 1, 2]


def test_grey_pictures_stay_without_colour(tmp_path):
    luma = np.tile(np.arange(96, dtype=np.uint8) + 60, (64, 1))
    path = lossless_video(tmp_path / "grey.mkv", [(luma,)] * 2, "gray")
    assert picture_of(path).pixel_format == "gray"
    drawn = draw(path, (48, 32), frames=(0, 1)).frames[0]
    assert set(drawn[1].ravel()) | set(drawn[2].ravel()) == {128}
    assert psnr(drawn[0], cropped(luma, (0, 0, 96, 64), (32, 48))) >= 40


# Motion

STEPS = [40, 60, 80, 100, 120]


@pytest.fixture
def rising(tmp_path) -> Path:
    """Pictures of one brightness each, 20 levels apart, ten a second."""
    return lossless_video(tmp_path / "rising.mp4", [flat(level, blue=level, red=200) for level in STEPS])


def brightness(path: Path, timeline: Timeline, fps: int = 10, motion: Motion = Motion.BLEND) -> list[int]:
    drawn = draw(path, (32, 32), timeline=timeline, fps=Fraction(fps), motion=motion)
    assert all(luma.min() == luma.max() for luma in drawn.lumas)
    assert all(abs(int(planes[1][0, 0]) - int(planes[0][0, 0])) <= 1 for planes in drawn.frames)
    return [int(luma[0, 0]) for luma in drawn.lumas]


@pytest.mark.parametrize("motion", [Motion.BLEND, Motion.FLOW])
def test_slow_motion_mixes_the_pictures_around_a_moment(rising, motion):
    mixed = brightness(rising, played((0, 0.4, 0.25)), motion=motion)
    assert mixed == [40 + 5 * k for k in range(16)]


def test_duplicated_slow_motion_repeats_pictures(rising):
    assert brightness(rising, played((0, 0.4, 0.25)), motion=Motion.DUPLICATE) == [
        level for level in STEPS[:4] for _ in range(4)
    ]


def test_only_slowed_pieces_are_mixed(rising):
    levels = brightness(rising, played((0, 0.1, 1), (0.1, 0.2, 0.5), (0.2, 0.4, 1)), fps=20)
    # At 20 a second, every second moment lies between two pictures; they mix where the speed is a half.
    assert levels == [40, 40, 60, 65, 70, 75, 80, 80, 100, 100]


def test_nothing_is_mixed_behind_the_last_picture(rising):
    assert brightness(rising, played((0.35, 0.5, 0.5)))[-1] == STEPS[-1]


def test_two_scenes_are_not_mixed(tmp_path):
    path = lossless_video(tmp_path / "cut.mp4", [flat(level, blue=level, red=200) for level in (40, 60, 180, 160)])
    levels = brightness(path, played((0, 0.4, 0.5)))
    assert levels == [40, 50, 60, 60, 180, 170, 160, 160]


def test_scenes_are_told_apart_anew_for_every_pair(tmp_path):
    levels = [40, 60, 80, 100, 120, 140] * 4 + [40, 200] * 6
    path = lossless_video(tmp_path / "cuts.mp4", [flat(level, blue=level, red=200) for level in levels])
    pieces = [(k / 10, (k + 1) / 10, 0.5 if k % 3 == 0 else 1) for k in range(len(levels) - 1)]
    shown, k = brightness(path, played(*pieces)), 0
    for place, (before, after) in enumerate(pairwise(levels)):
        assert shown[k] == before
        if place % 3 == 0:
            assert shown[k + 1] == ((before + after) // 2 if after - before == 20 else before)
        k += 2 if place % 3 == 0 else 1


@pytest.mark.parametrize(("offset", "shown"), [("0.00005", 40), ("0.0002", 40), ("0.09995", 60), ("0.05", 50)])
def test_a_moment_next_to_a_picture_shows_that_picture(rising, offset, shown):
    start = Fraction(offset)
    timeline = Timeline((Piece(start, start + Fraction(1, 100), Fraction(1, 10)),))
    assert brightness(rising, timeline)[0] == shown


# Parts and damage


def test_a_part_of_a_clip_is_drawn_as_within_the_whole(videos):
    keys = (0, (0, 0, 202.5, 360)), (2, (300, 0, 202.5, 360))
    whole = draw(videos("open_gop"), PHONE, *keys)
    part = draw(videos("open_gop"), PHONE, *keys, frames=(40, 44))
    assert [np.array_equal(a, b) for a, b in zip(part.lumas, whole.lumas[40:44], strict=True)] == [True] * 4


def test_frames_are_numbered_from_the_start_of_the_clip(videos):
    video = picture_of(videos("cfr_30"))
    drawer = ClipDrawer(clip_plan(video, PHONE), videos("cfr_30"), video, 1)
    assert [frame.pts for frame in drawer.frames(10, 13)] == [10, 11, 12]


@pytest.fixture(scope="module")
def stills(tmp_path_factory) -> Path:
    """Every picture by itself, so that damage stays where it is."""
    recipe = Recipe(size=(160, 90), frames=120, sound=None, gop=1)
    return make_video(tmp_path_factory.mktemp("damage") / "stills.mp4", recipe)


def test_damaged_pictures_are_replaced_and_counted_and_the_clip_keeps_its_length(stills, tmp_path):
    drawn = draw(damaged(stills, tmp_path / "hurt.mp4", [50, 51, 90]), PHONE)
    assert len(drawn.frames) == 120
    assert (drawn.report.concealed, drawn.report.drawn) == (3, 120)
    assert np.array_equal(drawn.lumas[50], drawn.lumas[49])
    assert np.array_equal(drawn.lumas[51], drawn.lumas[49])
    assert not np.array_equal(drawn.lumas[52], drawn.lumas[49])


def test_an_undamaged_clip_conceals_nothing(stills):
    assert draw(stills, PHONE).report.concealed == 0


def test_a_clip_of_which_more_than_a_twentieth_is_lost_is_refused(stills, tmp_path):
    assert draw(damaged(stills, tmp_path / "hurt.mp4", range(10, 70, 10)), PHONE).report.concealed == 6
    with pytest.raises(CorruptMediaError, match="7 of 120"):
        draw(damaged(stills, tmp_path / "worse.mp4", range(10, 80, 10)), PHONE)


def test_more_than_a_second_of_damage_in_a_row_is_refused_at_once(stills, tmp_path):
    with pytest.raises(CorruptMediaError, match="in a row"):
        draw(damaged(stills, tmp_path / "hurt.mp4", range(40, 71)), PHONE)


def test_a_source_that_was_cut_off_is_refused(stills, tmp_path):
    with pytest.raises(CorruptMediaError):
        draw(cut_off(stills, tmp_path / "cut.mp4", 0.6), PHONE)


def test_a_window_before_the_cut_is_drawn(stills, tmp_path):
    drawn = draw(cut_off(stills, tmp_path / "cut.mp4", 0.6), PHONE, timeline=played((0, 1, 1)))
    assert len(drawn.frames) == 30
    assert drawn.report.concealed == 0
