"""What every runner promises: inherit `RunnerContract` and give it a runner and the store that its jobs see.

The runner knows `OFFERED` and one retry of what may pass; its workers see the files of this machine. A runner that is
dear to start may be one for the whole class: no test depends on another, none stops it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.jobs.machines import job, lives, machine, pid_in, wait_until
from tests.jobs.sample_functions import CATALOGUE
from tests.media_factory import Recipe, Sound, make_video
from tests.media_reading import pictures

from clipmill.errors import (
    CancelledError,
    ClipmillError,
    ConflictError,
    EncoderFailedError,
    InvalidRequestError,
    UnsupportedCodecError,
)
from clipmill.function.stages import Stage
from clipmill.functions.catalog import CATALOG
from clipmill.jobs.events import Event
from clipmill.jobs.job import Job
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.perform import perform
from clipmill.runners.runner import Runner, Status
from clipmill.storage.store import Store

OFFERED = {**CATALOGUE, "process_framing": CATALOG["process_framing"]}
"""The functions that a runner under test has to know."""

FRAMING = {
    "input_key": "in.mp4",
    "output_key": "out.mp4",
    "crop_keyframes": [
        {"time": 0, "x": 0, "y": 0, "width": 50, "height": 90},
        {"time": 0.4, "x": 110, "y": 0, "width": 50, "height": 90},
    ],
    "target_width": 54,
    "target_height": 96,
}
"""A crop that moves from the left to the right of a film of 160 x 90."""


def ended(runner: Runner, handle: str, after: int = 0) -> tuple[list[Event], Outcome]:
    """All that a job tells, and its outcome."""
    *events, outcome = runner.events(handle, after)
    assert isinstance(outcome, Outcome)
    assert all(isinstance(event, Event) for event in events)
    return [event for event in events if isinstance(event, Event)], outcome


def finished(runner: Runner, task: Job) -> tuple[list[Event], Outcome]:
    return ended(runner, runner.submit(task))


def moving(events: Iterable[Event | Outcome]) -> list[Event]:
    """Read until frames were told twice."""
    seen: list[Event] = []
    for item in events:
        assert isinstance(item, Event), item
        if item.frames_done:
            seen.append(item)
        if len(seen) == 2:
            break
    return seen


def untimed(outcome: Outcome) -> Mapping[str, Any]:
    """The JSON of an outcome but for its timings."""
    told = outcome.to_json()
    return told | {"result": {name: value for name, value in told["result"].items() if name != "timings"}}


def frame_hashes(store: Store, key: str, folder: Path) -> list[str]:
    """One digest for each picture of a video."""
    store.download(key, folder / "seen.mp4")
    return [
        hashlib.sha256(b"".join(plane.tobytes() for plane in picture.planes)).hexdigest()
        for picture in pictures(folder / "seen.mp4")
    ]


class RunnerContract:
    @pytest.fixture
    def runner(self, tmp_path: Path) -> Runner:
        raise NotImplementedError

    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        """Where the jobs of the runner read and write."""
        raise NotImplementedError

    @pytest.fixture
    def another_caller(self, runner: Runner) -> Runner:
        """What somebody has who knows nothing but handles; the same runner where jobs die with their caller."""
        return runner

    def test_a_job_tells_its_progress_and_then_its_outcome(self, runner: Runner):
        task = job("echo", text="hi")
        events, outcome = finished(runner, task)
        assert outcome.value()["text"] == "hi"
        assert events[-1].stage is Stage.DONE
        assert {event.job_id for event in events} == {task.id}

    def test_a_video_is_rendered_to_the_frames_and_the_result_of_this_machine(
        self, runner: Runner, store: Store, tmp_path: Path
    ):
        film = make_video(tmp_path / "in.mp4", Recipe(size=(160, 90), frames=15, sound=Sound()))
        for tenant in ("here", "there"):
            store.upload(film, f"{tenant}/in.mp4")
        here = perform(
            job("process_framing", tenant="here", **FRAMING), machine(tmp_path, store=store, catalogue=OFFERED)
        )
        _, there = finished(runner, job("process_framing", tenant="there", **FRAMING))
        assert untimed(there) == untimed(here)
        assert set(there.value()["timings"]) == set(here.value()["timings"])
        hashes = frame_hashes(store, "there/out.mp4", tmp_path)
        assert (len(hashes), len(set(hashes)) > 5) == (15, True)
        assert hashes == frame_hashes(store, "here/out.mp4", tmp_path)

    def test_real_frames_are_told_in_order(self, runner: Runner, tmp_path: Path):
        task = job("fail_then_work", path=str(tmp_path / "attempts"), count=1, output_key=f"{tmp_path.name}.mp4")
        events, outcome = finished(runner, task)
        assert outcome.succeeded
        assert any(event.frames_done == 9 for event in events)
        assert all(first.seq < second.seq and first.progress <= second.progress for first, second in pairwise(events))

    @pytest.mark.parametrize(("text", "kind"), [("codec", UnsupportedCodecError), ("", EncoderFailedError)])
    def test_a_typed_failure_arrives_typed_and_is_not_tried_again(
        self, runner: Runner, tmp_path: Path, text: str, kind: type[ClipmillError]
    ):
        events, outcome = finished(runner, job("raise_typed", text=text, path=str(tmp_path / "attempts")))
        assert type(outcome.error) is kind
        assert outcome.error.details.get("codec") == ("svq1" if text else None)
        assert outcome.timings["total_s"] > 0
        assert events[-1].stage is Stage.FAILED
        assert (tmp_path / "attempts").read_text() == "x"

    def test_a_bad_request_is_refused_with_its_field(self, runner: Runner):
        _, outcome = finished(runner, job("echo", txt="hi"))
        assert type(outcome.error) is InvalidRequestError
        assert "did you mean text?" in outcome.error.message
        assert outcome.attempts == 1

    def test_the_same_request_has_the_same_outcome(self, runner: Runner):
        outcomes = [finished(runner, job("echo", text="hi"))[1] for _ in range(2)]
        assert outcomes[0] == outcomes[1]

    def test_a_watcher_that_comes_late_sees_the_same_end(self, runner: Runner):
        handle = runner.submit(job("echo", text="hi"))
        first, second = ended(runner, handle), ended(runner, handle)
        assert first[1] == second[1]
        assert first[0][-1] == second[0][-1]

    def test_only_events_behind_the_given_one_are_told(self, runner: Runner):
        handle = runner.submit(job("echo"))
        events, outcome = ended(runner, handle)
        rest, same = ended(runner, handle, after=events[0].seq)
        assert events[0] not in rest
        assert same == outcome

    def test_a_running_job_is_watched_found_by_its_handle_and_cancelled(
        self, runner: Runner, another_caller: Runner, tmp_path: Path
    ):
        mark = tmp_path / "pid"
        handle = str(runner.submit(job("render_for_ever", path=str(mark))))
        first, second = moving(runner.events(handle))
        assert first.frames_done < second.frames_done
        pid = pid_in(mark)
        assert lives(pid)
        assert another_caller.status(handle) is Status.RUNNING
        assert moving(another_caller.events(handle, after=second.seq))[0].seq > second.seq
        another_caller.cancel(handle)
        another_caller.cancel(handle)
        _, outcome = ended(another_caller, handle)
        assert isinstance(outcome.error, CancelledError)
        wait_until(lambda: not lives(pid))
        assert runner.status(handle) is Status.FINISHED

    def test_a_cancel_after_the_end_changes_nothing(self, runner: Runner):
        handle = runner.submit(job("echo"))
        _, outcome = ended(runner, handle)
        runner.cancel(handle)
        assert ended(runner, handle)[1] == outcome

    def test_the_same_job_sent_twice_runs_once(self, runner: Runner, tmp_path: Path):
        task = job("fail_then_work", path=str(tmp_path / "attempts"), count=0, output_key=f"{tmp_path.name}.mp4")
        one, other = runner.submit(task), runner.submit(task)
        assert ended(runner, one)[1] == ended(runner, other)[1]
        assert (tmp_path / "attempts").read_text() == "x"

    def test_one_id_for_two_requests_is_a_conflict(self, runner: Runner, tmp_path: Path):
        name = f"job_{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:20]}"
        runner.submit(job("echo", job_id=name, text="one"))
        with pytest.raises(ConflictError):
            finished(runner, job("echo", job_id=name, text="two"))[1].value()

    def test_an_unknown_handle_is_not_taken_for_a_dead_job(self, runner: Runner):
        assert runner.status("job_never_seen") is Status.UNKNOWN
