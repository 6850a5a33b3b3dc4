import json

from hypothesis import given
from hypothesis import strategies as st

from clipmill.errors import EncoderFailedError
from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
from clipmill.jobs.outcome import Outcome
from clipmill.runners.runpod.course import Course
from clipmill.runners.runpod.notes import Note, raised, report, reported

GOOD = Outcome(result={"status": "success", "output_key": "out.mp4"}, attempts=2)


def event(seq: int, progress: float = 0.0, stage: Stage = Stage.PROCESSING) -> Event:
    return Event("job_1", seq, "", stage, progress, "rendering")


def note(run: str, *events: Event, started: float = 0.0) -> Note:
    return Note(run, started, events)


@given(
    st.permutations([note("one", *(event(seq) for seq in range(max(1, last - 3), last + 1))) for last in range(1, 9)])
)
def test_notes_that_overtake_each_other_tell_every_event_once_and_in_order(notes: list[Note]):
    course = Course("job_1", 0)
    told = [each.seq for one in notes for each in course.news(one)]
    assert told == sorted(set(told))
    assert told[-1] == 8


def test_only_what_was_not_told_before_is_told():
    assert [each.seq for each in Course("job_1", 2).news(note("one", event(1), event(2), event(3)))] == [3]


def test_a_run_that_begins_anew_is_counted_on_and_its_bar_does_not_fall():
    course = Course("job_1", 0)
    list(course.news(note("one", event(1, 5.0), event(2, 60.0))))
    again = list(course.news(note("two", event(1, 0.0), event(2, 61.0), started=1.0)))
    assert [(each.seq, each.progress) for each in again] == [(3, 60.0), (4, 61.0)]


def test_a_word_of_a_run_that_was_given_up_is_not_heard():
    course = Course("job_1", 0)
    list(course.news(note("two", event(1), started=1.0)))
    assert list(course.news(note("one", event(7), started=0.0))) == []


def test_an_end_that_no_note_told_is_told_once():
    course = Course("job_1", 0)
    list(course.news(note("one", event(1, 40.0))))
    (end,) = course.end(Outcome(error=EncoderFailedError("it died")))
    assert (end.seq, end.stage, end.progress) == (2, Stage.FAILED, 40.0)
    assert list(course.end(GOOD)) == []


def test_an_end_that_a_note_told_is_the_end():
    course = Course("job_1", 0)
    assert [each.stage for each in course.news(note("one", event(1, 100.0, Stage.DONE)))] == [Stage.DONE]
    assert list(course.end(GOOD)) == []


def test_a_report_carries_the_outcome_the_attempts_and_the_events():
    told = report(GOOD, note("one", event(1)))
    assert told["output_key"] == "out.mp4"
    assert reported(told) == GOOD
    assert Note.of(told) == Note("one", 0.0, [event(1)])


def test_a_failure_is_read_out_of_what_the_sdk_makes_of_it():
    failed = Outcome(error=EncoderFailedError("it died", details={"log": "x"}), attempts=3)
    text = json.dumps(report(failed, note("one")))
    told = reported(raised(json.dumps({"error_type": "FailedError", "error_message": text})))
    assert told is not None
    assert (type(told.error), told.attempts) == (EncoderFailedError, 3)
    assert told.error is not None
    assert told.error.details == {"log": "x"}


def test_words_that_are_no_report_are_none():
    assert [reported(raised(text)) for text in (None, "worker exited", "{}", '{"error_message": "7"}')] == [None] * 4
    assert [Note.of(output) for output in (None, "x", {"clipmill": 1}, {"clipmill": {"run": "a"}})] == [None] * 4
