from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmill.errors import CancelledError, EncoderFailedError, StorageUnavailableError
from clipmill.function.stages import Stage
from clipmill.jobs.callback_steps import Callback, Step, callback_percent
from clipmill.jobs.events import Event
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.webhooks.callback_queue import CallbackQueue

GOOD = Outcome(result={"status": "success", "output_key": "out/clip.mp4"})
BAD = Outcome(error=EncoderFailedError("the encoder died"))


def event(stage=Stage.PROCESSING, done=None, total=100, message="rendering"):
    return Event("job", 1, "", stage, 0.0, message, done, None if done is None else total)


@pytest.mark.parametrize(
    ("stage", "percent"),
    [
        (Stage.QUEUED, 0),
        (Stage.STARTING, 0),
        (Stage.DOWNLOADING, 5),
        (Stage.PREPARING, 5),
        (Stage.PROCESSING, 10),
        (Stage.ENCODING, None),
        (Stage.UPLOADING, 95),
        (Stage.PUBLISHING, 95),
        (Stage.DONE, None),
        (Stage.FAILED, None),
        (Stage.CANCELLED, None),
    ],
)
def test_each_stage_has_its_place_on_the_bar(stage, percent):
    assert callback_percent(event(stage)) == percent


@pytest.mark.parametrize(
    ("done", "total", "percent"),
    [(0, 100, 10), (40, 100, 42), (1, 3, 36), (99, 100, 89), (100, 100, 90), (7, 0, 10), (120, 100, 90)],
)
def test_frames_fill_the_bar_from_10_to_90_rounded_down(done, total, percent):
    assert callback_percent(event(done=done, total=total)) == percent


def test_progress_that_nobody_took_is_replaced_by_newer_progress():
    queue = CallbackQueue()
    for done in (10, 20, 40):
        queue.put(event(done=done))
    assert queue.take() == Callback(Step.PROGRESS, {"progress": 42, "message": "rendering"})
    assert queue.take() is None


def test_what_says_nothing_new_is_not_told_again():
    queue = CallbackQueue()
    queue.put(event(done=40))
    queue.take()
    queue.put(event(done=40))
    assert queue.take() is None


def test_a_new_attempt_does_not_take_the_bar_back():
    queue = CallbackQueue()
    queue.put(event(done=40))
    queue.take()
    queue.put(event(Stage.DOWNLOADING, message="downloading the source"))
    assert queue.take() == Callback(Step.PROGRESS, {"progress": 42, "message": "downloading the source"})


def test_a_job_that_went_well_is_complete_with_its_output():
    queue = CallbackQueue()
    queue.end(GOOD)
    assert queue.take() == Callback(Step.COMPLETE, {"output_video_key": "out/clip.mp4"})


@pytest.mark.parametrize(
    ("error", "should_retry"),
    [
        (StorageUnavailableError("it broke"), True),
        (EncoderFailedError("it broke"), False),
        (CancelledError("it broke"), False),
    ],
)
def test_a_job_that_failed_says_why_and_whether_to_try_again(error, should_retry):
    queue = CallbackQueue()
    queue.end(Outcome(error=error))
    told = {"error": f"{type(error).__name__}: it broke", "should_retry": should_retry}
    assert queue.take() == Callback(Step.ERROR, told)


def test_no_signed_link_is_told():
    queue = CallbackQueue()
    queue.put(event(message="reading https://b.example/a.mp4?X-Amz-Signature=CANARY"))
    told = [queue.take()]
    queue.end(Outcome(error=StorageUnavailableError("GET https://b.example/a.mp4?sig=CANARY failed")))
    assert "CANARY" not in str([*told, queue.take()])


DEEDS = st.lists(
    st.one_of(
        st.builds(event, st.sampled_from(Stage), st.none() | st.integers(0, 120), message=st.sampled_from("ab")),
        st.sampled_from([GOOD, BAD]),
        st.just("take"),
    ),
    max_size=40,
)


def told_of(deeds):
    """All that was taken, with what happened before each."""
    queue, told = CallbackQueue(), []
    for deed in [*deeds, "take", "take"]:
        if isinstance(deed, Event):
            queue.put(deed)
        elif isinstance(deed, Outcome):
            queue.end(deed)
        elif (taken := queue.take()) is not None:
            told.append(taken)
    return told


@given(DEEDS)
def test_the_bar_never_falls_and_stays_between_0_and_95(deeds):
    bar = [callback.body["progress"] for callback in told_of(deeds) if callback.step is Step.PROGRESS]
    assert bar == sorted(bar)
    assert all(0 <= percent <= 95 for percent in bar)


@given(DEEDS)
def test_the_first_end_is_told_once_and_last_and_nothing_else_ends(deeds):
    ends = [deed for deed in deeds if isinstance(deed, Outcome)]
    steps = [callback.step for callback in told_of(deeds)]
    expected = [Step.COMPLETE if ends[0] is GOOD else Step.ERROR] if ends else []
    assert [step for step in steps if step is not Step.PROGRESS] == expected
    assert steps[-1:] == expected or not ends


@given(DEEDS)
def test_what_is_taken_is_always_the_newest_progress(deeds):
    told = told_of([deed for deed in deeds if not isinstance(deed, Outcome)])
    moves = [deed for deed in deeds if isinstance(deed, Event) and callback_percent(deed) is not None]
    if moves:
        assert told[-1].body["progress"] == max(callback_percent(move) or 0 for move in moves)


@given(DEEDS)
def test_no_two_callbacks_in_a_row_are_the_same(deeds):
    told = told_of(deeds)
    assert all(one != next_one for one, next_one in pairwise(told))
