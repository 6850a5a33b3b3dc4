import math
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmill.errors import CancelledError, EncoderFailedError
from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.progress import ProgressMeter
from clipmill.jobs.windows import MULTI_CLIP, SINGLE_JOB, one_decimal, percent

REPORTED = [Stage.DOWNLOADING, Stage.PREPARING, Stage.PROCESSING, Stage.ENCODING, Stage.UPLOADING, Stage.PUBLISHING]
SUCCESS = Outcome(result={"status": "success"})


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def metered(windows=SINGLE_JOB) -> tuple[ProgressMeter, list[Event], Clock]:
    events: list[Event] = []
    clock = Clock()
    return ProgressMeter("job_1", events.append, windows, clock), events, clock


@pytest.mark.parametrize(
    ("stage", "part", "expected"),
    [
        (Stage.STARTING, Fraction(1), 0),
        (Stage.DOWNLOADING, Fraction(1, 2), Fraction(5, 2)),
        (Stage.PREPARING, Fraction(1, 2), 10),
        (Stage.PROCESSING, Fraction(1, 5), 29),
        (Stage.ENCODING, Fraction(1), 95),
        (Stage.UPLOADING, Fraction(1, 4), 96),
        (Stage.PUBLISHING, Fraction(1), Fraction(999, 10)),
    ],
)
def test_each_stage_fills_its_window(stage: Stage, part: Fraction, expected: Fraction):
    assert percent(SINGLE_JOB, stage, part) == expected


@pytest.mark.parametrize(
    ("value", "shown"), [(Fraction(4199, 100), 41.9), (Fraction(1, 3), 0.3), (Fraction(100), 100.0)]
)
def test_percent_is_rounded_down_to_one_decimal(value: Fraction, shown: float):
    assert one_decimal(value) == shown


reports = st.lists(
    st.tuples(st.integers(-5, 2000), st.integers(-5, 1000), st.sampled_from(REPORTED), st.floats(0, 3)), max_size=40
)


@given(reports=reports)
def test_the_bar_never_falls_is_never_negative_and_reaches_100_once_and_last(
    reports: list[tuple[int, int, Stage, float]],
):
    meter, events, clock = metered()
    meter.enter(Stage.STARTING)
    for done, total, stage, pause in reports:
        clock.now += pause
        meter.report(done, total, stage)
        meter.beat()
    meter.finish(SUCCESS)
    shown = [event.progress for event in events]
    assert shown == sorted(shown)
    assert shown[0] >= 0
    assert [event.stage for event in events if event.progress >= 100] == [Stage.DONE]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert all(math.isclose(value * 10, round(value * 10)) for value in shown)


@given(reports=reports)
def test_stages_come_in_order(reports: list[tuple[int, int, Stage, float]]):
    meter, events, clock = metered()
    for done, total, stage, pause in reports:
        clock.now += pause
        meter.report(done, total, stage)
    order = list(Stage)
    assert all(order.index(first.stage) <= order.index(second.stage) for first, second in pairwise(events))


def test_at_most_ten_events_a_second_pass_but_the_first_and_last_of_a_stage_always():
    meter, events, clock = metered()
    for frame in range(1001):
        clock.now += 0.001
        meter.report(frame, 1000, Stage.PROCESSING)
    frames = [event.frames_done for event in events]
    assert frames[0] == 0
    assert frames[-1] == 1000
    assert 8 <= len(frames) <= 12


def test_what_was_held_back_is_told_by_the_next_beat():
    meter, events, clock = metered()
    meter.report(1, 100, Stage.PROCESSING)
    clock.now += 0.01
    meter.report(2, 100, Stage.PROCESSING)
    clock.now += 0.2
    meter.beat()
    assert [event.frames_done for event in events] == [1, 2]


def test_a_silent_stage_is_told_again_every_two_seconds():
    meter, events, clock = metered()
    meter.report(1, 100, Stage.PROCESSING)
    for _ in range(30):
        clock.now += 0.25
        meter.beat()
    assert len(events) == 1 + 3


def test_a_second_attempt_starts_over_and_the_bar_stays():
    meter, events, clock = metered()
    meter.report(5, 10, Stage.PROCESSING)
    meter.enter(Stage.STARTING, "starting, attempt 2")
    clock.now += 1
    meter.report(1, 10, Stage.PROCESSING)
    assert [(event.stage, event.progress) for event in events] == [
        (Stage.PROCESSING, 50.0),
        (Stage.STARTING, 50.0),
        (Stage.PROCESSING, 50.0),
    ]


def test_the_time_to_go_is_unknown_until_two_seconds_of_frames_are_measured():
    meter, events, clock = metered()
    for second in range(4):
        meter.report(10 * second, 100, Stage.PROCESSING)
        clock.now += 1
    assert [event.eta_s for event in events] == [None, None, 8.0, 7.0]


def test_bytes_are_told_while_something_is_downloaded_and_frames_while_it_is_rendered():
    meter, events, _ = metered()
    meter.report(10, 40, Stage.DOWNLOADING)
    meter.report(3, 8, Stage.PROCESSING)
    assert (events[0].bytes_done, events[0].bytes_total, events[0].frames_done) == (10, 40, None)
    assert (events[1].bytes_done, events[1].frames_done, events[1].frames_total) == (None, 3, 8)


def test_a_failure_tells_its_error_and_leaves_the_bar_where_it_is():
    meter, events, _ = metered()
    meter.report(1, 2, Stage.PROCESSING)
    meter.finish(Outcome(error=EncoderFailedError("x264 gave up")))
    assert (events[-1].stage, events[-1].progress) == (Stage.FAILED, 50.0)
    assert events[-1].message == "EncoderFailedError: x264 gave up"


def test_a_cancelled_job_ends_as_cancelled():
    meter, events, _ = metered()
    meter.finish(Outcome(error=CancelledError("stop")))
    assert events[-1].stage is Stage.CANCELLED


def test_nothing_follows_the_end():
    meter, events, clock = metered()
    meter.finish(SUCCESS)
    clock.now += 10
    meter.report(1, 2, Stage.PUBLISHING)
    meter.beat()
    assert [event.stage for event in events] == [Stage.DONE]


def test_clips_count_by_their_frames():
    meter, events, clock = metered(MULTI_CLIP)
    meter.expect_clips([100, 100])
    meter.report_clip(0, Fraction(1))
    clock.now += 1
    meter.report_clip(1, Fraction(1, 5))
    assert events[-1].progress == 52.0
    assert (events[-1].clip_index, events[-1].clips_total, events[-1].frames_done) == (1, 2, 120)


@given(frames=st.lists(st.integers(1, 500), min_size=1, max_size=8), data=st.data())
def test_the_clips_window_is_the_weighted_mean(frames: list[int], data: st.DataObject):
    meter, events, clock = metered(MULTI_CLIP)
    meter.expect_clips(frames)
    parts = [Fraction(data.draw(st.integers(0, 20)), 20) for _ in frames]
    for index, part in enumerate(parts):
        clock.now += 1
        meter.report_clip(index, part)
    # Events count whole frames, so the bar may lie one frame behind the exact mean.
    exact = 10 + 70 * sum(n * p for n, p in zip(frames, parts, strict=True)) / sum(frames)
    assert exact - Fraction(70, sum(frames)) - Fraction(1, 10) < events[-1].progress <= exact


def test_an_event_survives_the_way_through_json():
    meter, events, _ = metered()
    meter.report(1, 2, Stage.PROCESSING)
    assert Event.from_json(events[0].to_json()) == events[0]
    assert events[0].time.endswith("Z")
