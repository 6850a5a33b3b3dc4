from collections import defaultdict
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.media.laws import LAW, rates

from clipmill.errors import NoClipsError, TransitionTooLongError, UnknownTransitionError
from clipmill.media.transitions import (
    Body,
    Dissolve,
    FadeIn,
    FadeOut,
    TransitionKind,
    audio_gains,
    incoming_weight,
    plan_join,
)

HALF = Fraction(1, 2)
CUT, FADE, DISSOLVE = TransitionKind
kinds = st.sampled_from(TransitionKind)


def join(kind, duration, *clip_frames, fps=30):
    names = [f"clip number {clip}" for clip in range(len(clip_frames))]
    return plan_join(kind, Fraction(duration), Fraction(fps), clip_frames, names)


def frames_used(plan):
    """The frames of each clip in the order in which the spans use them."""
    used = defaultdict(list)
    for span in plan.spans:
        match span:
            case Body(clip, first, last_exclusive):
                used[clip] += range(first, last_exclusive)
            case Dissolve(left, right, frames, left_first):
                used[left] += range(left_first, left_first + frames)
                used[right] += range(frames)
            case FadeOut(clip, frames, first):
                used[clip] += range(first, first + frames)
            case FadeIn(clip, frames):
                used[clip] += range(frames)
    return used


@pytest.mark.parametrize("text", ["dissolve", "DISSOLVE", "Dissolve"])
def test_a_transition_is_named_in_any_case(text):
    assert TransitionKind.parse(text) is DISSOLVE


@pytest.mark.parametrize("text", ["wipe", "", " cut", "fade\n"])
def test_an_unknown_transition_is_rejected_with_the_known_ones(text):
    with pytest.raises(UnknownTransitionError, match="cut, fade, dissolve"):
        TransitionKind.parse(text)


def test_six_and_four_seconds_with_a_dissolve_of_a_half_are_285_frames():
    plan = join(DISSOLVE, HALF, 180, 120)
    assert plan.total_frames == 285
    assert plan.starts == (0, 165)
    assert plan.spans == (
        Body(0, 0, 165, start=0),
        Dissolve(0, 1, 15, left_first=165, start=165),
        Body(1, 15, 120, start=180),
    )


def test_dissolve_totals_count_the_overlap_once_per_join():
    plan = join(DISSOLVE, HALF, 60, 40, 30, 60)
    assert plan.total_frames == 190 - 3 * 15
    assert plan.starts == (0, 45, 70, 85)


def test_a_fade_leaves_the_total_length_unchanged():
    plan = join(FADE, HALF, 180, 120)
    assert plan.total_frames == 300
    assert plan.starts == (0, 180)
    assert plan.spans == (
        Body(0, 0, 165, start=0),
        FadeOut(0, 15, first=165, start=165),
        FadeIn(1, 15, start=180),
        Body(1, 15, 120, start=195),
    )


def test_cut_ignores_the_duration():
    plan = join(CUT, 10, 5, 4, 3)
    assert (plan.total_frames, plan.starts, plan.overlap) == (12, (0, 5, 9), 0)
    assert plan.spans == (Body(0, 0, 5, start=0), Body(1, 0, 4, start=5), Body(2, 0, 3, start=9))


@pytest.mark.parametrize("duration", [0, "1/61"])
@pytest.mark.parametrize("kind", [FADE, DISSOLVE])
def test_a_transition_of_no_frames_is_a_cut(kind, duration):
    assert join(kind, duration, 5, 4) == join(CUT, duration, 5, 4)


def test_the_frames_of_a_transition_are_rounded_half_up():
    assert join(DISSOLVE, HALF, 60, 60, fps=25).overlap == 13


def test_no_clips_are_rejected():
    with pytest.raises(NoClipsError):
        join(CUT, 0)


@pytest.mark.parametrize("kind", TransitionKind)
def test_one_clip_is_the_clip_itself(kind):
    plan = join(kind, 5, 12)
    assert (plan.total_frames, plan.starts, plan.spans) == (12, (0,), (Body(0, 0, 12, start=0),))


@pytest.mark.parametrize("kind", [FADE, DISSOLVE])
@pytest.mark.parametrize(("counts", "clip"), [((14, 60), 0), ((60, 14), 1), ((60, 29, 60), 1), ((15, 30, 30, 14), 3)])
def test_a_clip_shorter_than_its_transitions_is_rejected_with_its_name(kind, counts, clip):
    with pytest.raises(TransitionTooLongError, match=f"clip number {clip}") as caught:
        join(kind, HALF, *counts)
    assert caught.value.details == {"clip": clip, "name": f"clip number {clip}"}


def test_the_error_tells_the_longest_transition_that_fits():
    with pytest.raises(TransitionTooLongError, match=r"at most 0\.300 s"):
        join(FADE, HALF, 60, 18, 60)


@pytest.mark.parametrize("counts", [(9, 60, 60), (60, 60, 9)])
def test_the_longest_transition_counts_the_first_and_the_last_clip_whole(counts):
    with pytest.raises(TransitionTooLongError, match=r"at most 0\.300 s"):
        join(FADE, HALF, *counts)


@pytest.mark.parametrize("kind", [FADE, DISSOLVE])
def test_clips_may_be_used_up_by_their_transitions(kind):
    plan = join(kind, HALF, 15, 30, 15)
    assert not [span for span in plan.spans if isinstance(span, Body)]
    assert frames_used(plan) == {0: list(range(15)), 1: list(range(30)), 2: list(range(15))}


def test_200_clips_are_joined():
    plan = join(DISSOLVE, HALF, *[40] * 200)
    assert plan.total_frames == 200 * 40 - 199 * 15


@LAW
@given(kinds, st.lists(st.integers(1, 90), min_size=1, max_size=8), rates, st.fractions(0, 1, max_denominator=100))
def test_the_spans_tile_the_output_and_use_every_frame_once(kind, counts, fps, duration):
    try:
        plan = join(kind, duration, *counts, fps=fps)
    except TransitionTooLongError:
        assume(False)
    position = 0
    for span in plan.spans:
        assert span.start == position
        assert span.length > 0
        position += span.length
    assert position == plan.total_frames
    assert frames_used(plan) == {clip: list(range(count)) for clip, count in enumerate(counts)}


@LAW
@given(kinds, st.lists(st.integers(1, 90), min_size=1, max_size=8), rates, st.fractions(0, 1, max_denominator=100))
def test_totals_and_starts_follow_their_formulas(kind, counts, fps, duration):
    try:
        plan = join(kind, duration, *counts, fps=fps)
    except TransitionTooLongError:
        assume(False)
    shared = plan.overlap if kind is DISSOLVE else 0
    assert plan.total_frames == sum(counts) - (len(counts) - 1) * shared
    assert plan.starts == tuple(sum(counts[:clip]) - clip * shared for clip in range(len(counts)))


def test_the_weight_is_taken_in_the_middle_of_a_frame():
    assert incoming_weight(2, 10) == Fraction(1, 4)


@given(st.integers(1, 300))
@LAW
def test_the_weights_of_a_transition_mirror_each_other(frames):
    weights = [incoming_weight(j, frames) for j in range(frames)]
    assert weights == [1 - weight for weight in reversed(weights)]
    assert 0 < weights[0] <= weights[-1] < 1


@given(st.floats(0, 1))
@LAW
def test_a_dissolve_of_sound_has_constant_power(u):
    outgoing, incoming = audio_gains(DISSOLVE, u)
    assert outgoing**2 + incoming**2 == pytest.approx(1)


def test_a_fade_of_sound_goes_down_and_comes_up_in_straight_lines():
    assert [audio_gains(FADE, u) for u in (0.0, 0.25, 1.0)] == [(1, 0), (0.75, 0.25), (0, 1)]


def test_gains_begin_with_the_old_sound_and_end_with_the_new():
    for kind in (FADE, DISSOLVE):
        assert audio_gains(kind, 0.0) == pytest.approx((1, 0))
        assert audio_gains(kind, 1.0) == pytest.approx((0, 1))


def test_after_a_cut_only_the_new_clip_sounds():
    assert audio_gains(CUT, 0.0) == (0, 1)
