from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmill.cli.samples.documents import OUTPUT, TRANSITION_S
from clipmill.cli.samples.file_reel import pan, windows
from clipmill.cli.samples.match_film import LENGTH
from clipmill.cli.samples.match_reel import match_reel
from clipmill.engines.sample_match import MatchTruth, match_truth
from clipmill.functions.multi_clip_plan import MultiClipRequest
from clipmill.media.geometry import Box, Size, clamp_box, ratio_mismatch
from clipmill.media.tracks import Blend, BoxTrack


@pytest.fixture(scope="module")
def truth() -> MatchTruth:
    return match_truth(LENGTH)


@pytest.fixture(scope="module")
def reel(truth: MatchTruth) -> MultiClipRequest:
    return MultiClipRequest.parse(match_reel(truth, "match.mp4"))


def test_the_reel_of_the_match_has_its_moments_joined_by_dissolves(truth: MatchTruth, reel: MultiClipRequest):
    assert len(reel.clips) >= 3
    assert [clip.name for clip in reel.clips] == [moment.title for moment in truth.moments]
    assert reel.transition.type == "dissolve"


def test_the_ball_is_in_every_picture_of_the_reel(truth: MatchTruth, reel: MultiClipRequest):
    for clip in reel.clips:
        boxes = [(key.time or Fraction(0), key.box()) for key in clip.crop_keyframes]
        track = BoxTrack.from_keyframes(boxes, Blend.SMOOTH, default=boxes[0][1])
        length = (clip.source_end_time or Fraction(0)) - clip.source_start_time
        for frame in range(int(length * 60)):
            time = Fraction(frame, 60)
            box = clamp_box(track.at(time), truth.size)
            x, y = truth.ball_at(clip.source_start_time + time)
            margin = 0.08 * box.width
            assert box.x + margin < x < box.x + box.width - margin
            assert box.y + margin < y < box.y + box.height - margin


def test_the_crop_moves_and_keeps_the_shape_of_the_output(reel: MultiClipRequest):
    for clip in reel.clips:
        boxes = [key.box() for key in clip.crop_keyframes]
        assert len({box.x for box in boxes}) > 3
        assert all(ratio_mismatch(box, OUTPUT.ratio) < 0.01 for box in boxes)


def test_the_crop_moves_calmly(truth: MatchTruth, reel: MultiClipRequest):
    for clip in reel.clips:
        centres = [key.x + key.width / 2 for key in clip.crop_keyframes]
        assert max(abs(after - before) for before, after in pairwise(centres)) < truth.size.width / 8


def test_the_shot_that_scores_is_slow_and_nothing_else_is(truth: MatchTruth, reel: MultiClipRequest):
    slow = {clip.name: clip.segments_data for clip in reel.clips if clip.segments_data}
    assert list(slow) == ["Goal!"]
    part = slow["Goal!"].segments[0]
    start = next(clip.source_start_time for clip in reel.clips if clip.name == "Goal!")
    assert part.speed == Fraction(1, 2)
    assert start + part.start < truth.shots[-1] < truth.goals[-1] < start + part.end


@given(st.fractions(Fraction(1, 100), 20_000, max_denominator=1001))
def test_windows_lie_in_the_file_one_after_another(duration: Fraction):
    found = list(windows(duration))
    assert 1 <= len(found) <= 3
    assert found[0][0] == 0
    assert all(0 <= start < end <= duration for start, end in found)
    assert all(before[1] <= after[0] for before, after in pairwise(found))


@given(st.fractions(Fraction(1, 100), 20_000, max_denominator=1001))
def test_every_window_has_room_for_its_transitions(duration: Fraction):
    found = list(windows(duration))
    assert len(found) == 1 or all(end - start >= 2 * TRANSITION_S for start, end in found)


@given(st.integers(16, 8000), st.integers(16, 8000))
def test_a_pan_moves_inside_the_picture_in_the_shape_of_the_output(width: int, height: int):
    frame = Size(width, height)
    left, right = pan(frame)
    assert left.x < right.x
    for box in (left, right):
        assert ratio_mismatch(box, OUTPUT.ratio) < 1e-9
        assert close(clamp_box(box, frame), box)


def close(one: Box, other: Box) -> bool:
    return all(abs(getattr(one, side) - getattr(other, side)) < 1e-6 for side in ("x", "y", "width", "height"))
