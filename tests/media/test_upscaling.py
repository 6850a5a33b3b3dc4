from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipmill.media.framing import ClipPlan
from clipmill.media.geometry import Box, Fit, Size, canvas_to_source, clamp_box
from clipmill.media.timeline import SegmentEdits, canonical_timeline
from clipmill.media.tracks import BoxTrack
from clipmill.media.upscaling import Crops, enlarges, halved, needed_crop, scaled_size, tiles

HD, PHONE = Size(1920, 1080), Size(1080, 1920)
SIDES = st.floats(2, 2500)
ANGLES = st.floats(-45, 45)


def clip(*keys: tuple[int, Box], output: Size = PHONE, frame: Size = HD, **more) -> ClipPlan:
    crop = BoxTrack.from_keyframes([(Fraction(time), box) for time, box in keys], default=keys[0][1]) if keys else None
    timeline = more.pop("timeline", canonical_timeline(None, Fraction(2)))
    return ClipPlan(Fraction(0), timeline, frame, output, Fraction(10), crop, **more)


def test_a_box_with_fewer_pixels_than_the_output_is_enlarged():
    assert enlarges(clip())
    assert not enlarges(clip(output=Size(540, 960)))
    assert not enlarges(clip((0, Box(0, 0, 600, 1000)), output=Size(600, 1000)))


def test_animated_crop_around_the_target_size_gives_one_decision():
    wide, narrow = Box(0, 0, 607.5, 1080), Box(0, 0, 303.75, 540)
    around = clip((0, wide), (1, narrow), (2, wide), output=Size(540, 960))
    assert enlarges(around)
    # The small box is trimmed away: no frame shows it.
    trimmed = canonical_timeline(SegmentEdits(trim_end=Fraction(1, 10)), Fraction(2))
    assert not enlarges(clip((0, wide), (1, narrow), (2, wide), output=Size(540, 960), timeline=trimmed))


@given(st.tuples(st.floats(-500, 2500), st.floats(-500, 1500), SIDES, SIDES), ANGLES, st.booleans())
def test_a_crop_holds_all_of_the_box_that_is_in_the_picture_and_its_margin(corner, degrees, narrow):
    samples = Size(1440, 1080) if narrow else HD
    box = clamp_box(Box(*corner), HD)
    crop = needed_crop(box, HD, samples, degrees)
    assert 0 <= crop.left < crop.right <= samples.width
    assert 0 <= crop.top < crop.bottom <= samples.height
    for across in (0, box.width):
        for down in (0, box.height):
            u, v = canvas_to_source(box.x + across, box.y + down, HD, degrees)
            u *= samples.width / HD.width
            assert crop.left <= max(u - 7.999, 0) or u > samples.width
            assert crop.right >= min(u + 7.999, samples.width) or u < 0
            assert crop.top <= max(v - 7.999, 0) or v > samples.height
            assert crop.bottom >= min(v + 7.999, samples.height) or v < 0


@settings(max_examples=25)
@given(st.lists(st.tuples(st.floats(0, 1900), st.floats(0, 1000), SIDES, SIDES), min_size=1, max_size=4), ANGLES)
def test_every_crop_of_a_clip_has_one_shape_and_holds_what_its_box_needs(corners, degrees):
    plan = clip(*enumerate(Box(*corner) for corner in corners), rotation=degrees, fit=Fit.STRETCH)
    crops = Crops.of(plan, HD)
    for shot in plan.shots():
        crop, needed = crops.of_box(shot.placement.box), needed_crop(shot.placement.box, HD, HD, degrees)
        assert Size(crop.width, crop.height) == crops.shape
        assert 0 <= crop.left <= needed.left < needed.right <= crop.right <= HD.width
        assert 0 <= crop.top <= needed.top < needed.bottom <= crop.bottom <= HD.height


@settings(max_examples=40)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(20, 200), st.integers(0, 40))
def test_tiles_cover_a_picture_once_and_read_their_margin(width, height, side, margin):
    size = Size(width, height)
    pieces = list(tiles(size, side, margin))
    assert sum(tile.kept.width * tile.kept.height for tile in pieces) == width * height
    assert all(0 < tile.kept.width <= side and 0 < tile.kept.height <= side for tile in pieces)
    for tile in pieces:
        assert (tile.read.left, tile.read.top) == (max(tile.kept.left - margin, 0), max(tile.kept.top - margin, 0))
        assert tile.read.right == min(tile.kept.right + margin, width)
        assert tile.read.bottom == min(tile.kept.bottom + margin, height)


def test_a_tile_is_halved_down_to_the_smallest_and_no_further():
    sides, side = [], 1000
    while side:
        sides.append(side)
        side = halved(side)
    assert sides == [1000, 500, 250, 128]


@pytest.mark.parametrize(
    ("shown", "asked", "size"),
    [
        (Size(700, 400), {}, (1400, 800)),
        (Size(641, 361), {"scale": Fraction(1)}, (642, 362)),
        (Size(641, 361), {"scale": Fraction(3, 2)}, (962, 542)),
        (Size(640, 360), {"width": 1280}, (1280, 720)),
        (Size(1000, 333), {"height": 1000}, (3004, 1000)),
        (Size(640, 360), {"width": 1000, "height": 1000}, (1000, 1000)),
    ],
)
def test_an_enlarged_picture_has_even_sides(shown, asked, size):
    assert scaled_size(shown, asked.pop("scale", Fraction(2)), **asked) == Size(*size)
