import os
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.functions.parted import STRETCH_S, Parted, request_of
from tests.workflows.clips import REEL, fingerprints, packets, seen
from tests.workflows.conftest import stocked
from tests.workflows.exports import MakeShop, Shop, Watched
from tests.workflows.processes import workers
from tests.workflows.test_export_cancel import StopAt
from tests.workflows.test_export_failures import Killer, damaged

from clipmill.function.stages import Stage
from clipmill.jobs.events import Event, OnEvent, nobody
from clipmill.jobs.job import Job, new_job_id
from clipmill.jobs.outcome import Outcome
from clipmill.storage.retry import RetryPolicy
from clipmill.workflows.render_in_parts import render_in_parts

OUTPUT = "out/long.mp4"
FRAMES = 400
RUNNING = [Stage.STARTING, Stage.PREPARING, Stage.PROCESSING, Stage.ENCODING]
needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc to find the processes")


def framing(**changes: Any) -> dict[str, Any]:
    return {"input_key": "match.mp4", "output_key": OUTPUT, "include_audio": False} | REEL | changes


def in_parts(count: int, request: Mapping[str, Any], function: str = "process_framing") -> dict[str, Any]:
    return {"function": function, "request": dict(request), "parts": count, "stretch_s": 2}


@dataclass
class Carried:
    """A call in parts that came to its end."""

    outcome: Outcome
    events: list[Event]
    jobs: list[Job]

    @property
    def result(self) -> dict[str, Any]:
        return self.outcome.value()

    @property
    def code(self) -> str:
        assert self.outcome.error is not None
        return self.outcome.error.code

    @property
    def rendered(self) -> list[int]:
        """The first stretches of the parts that were handed over, in order."""
        return sorted(job.request["first"] for job in self.jobs if job.function == "render_part")


def carry(
    shop: Shop,
    request: Mapping[str, Any],
    job_id: str | None = None,
    *,
    on_event: OnEvent = nobody,
    cancel: threading.Event | None = None,
) -> Carried:
    watched, events = Watched(shop.runner), list[Event]()

    def hear(event: Event) -> None:
        events.append(event)
        on_event(event)

    job = Job(job_id or new_job_id(), "render_in_parts", request, shop.tenant)
    outcome = render_in_parts(job, shop.machine, watched, on_event=hear, cancel=cancel)
    return Carried(outcome, events, watched.jobs)


@pytest.fixture
def place(shop: Shop, match: Path) -> Shop:
    """Two places to render, and a source that lasts seven stretches of two seconds."""
    return stocked(shop, [match])


@pytest.fixture
def one_place(small_shop: Shop, match: Path) -> Shop:
    return stocked(small_shop, [match])


# The output


def test_the_output_is_what_one_worker_writes(place: Shop, match: Path, world: Any):
    carried = carry(place, in_parts(3, framing(include_audio=True)) | {"stretch_s": STRETCH_S})
    assert carried.rendered == [0, 9, 18]
    request = request_of(world, match, **REEL)
    Parted(world, "process_framing", request).whole()
    assert place.path(OUTPUT).read_bytes() == (world.folder / "whole.mp4").read_bytes()


def test_the_result_tells_of_the_whole_and_of_the_cache(place: Shop):
    result = carry(place, in_parts(2, framing())).result
    assert (result["frames"], result["output_key"], result["encoder"]) == (FRAMES, OUTPUT, "x264")
    assert result["cache"] == {"hits": 0, "misses": 2}
    assert result["timings"]["total_s"] >= result["timings"]["process_s"] > 0


def test_parts_run_side_by_side(place: Shop):
    running: list[int] = []
    carry(place, in_parts(2, framing()), on_event=lambda _event: running.append(len(workers())))
    assert max(running) == 2


def test_a_short_output_is_one_part(place: Shop):
    carried = carry(place, in_parts(5, framing(input_key="0.mp4")))
    assert carried.rendered == [0]
    assert seen(place.path(OUTPUT)) == list(range(30))


def test_nothing_to_encode_is_copied_by_the_join(place: Shop):
    overlay = {"input_key": "match.mp4", "output_key": OUTPUT}
    carried = carry(place, in_parts(3, overlay, "render_overlay"))
    assert (carried.rendered, carried.result["encoder"]) == ([], "copied")


# How far it is


def test_frames_are_counted_over_all_parts_and_the_bar_never_falls(place: Shop):
    events = carry(place, in_parts(2, framing()), "job_mine").events
    bar = [event.progress for event in events]
    assert all(earlier <= later for earlier, later in pairwise(bar))
    assert (bar.count(100), events[-1].stage) == (1, Stage.DONE)
    counted = [event for event in events if event.stage is Stage.PROCESSING and event.frames_total]
    assert ({event.frames_total for event in counted}, counted[-1].frames_done) == ({FRAMES}, FRAMES)
    assert {event.job_id for event in events} == {"job_mine"}
    assert {event.clip_index for event in events} == {None}


# The step cache


def test_parts_that_are_done_are_not_rendered_again(place: Shop):
    carry(place, in_parts(3, framing()))
    again = carry(place, in_parts(3, framing()))
    assert (again.rendered, again.result["cache"]) == ([], {"hits": 3, "misses": 0})


def test_another_name_or_no_sound_renders_no_picture_again(place: Shop):
    carry(place, in_parts(2, framing(include_audio=True)))
    changed = carry(place, in_parts(2, framing(output_key="out/other.mp4")))
    assert (changed.rendered, changed.result["audio"]) == ([], "none")


@pytest.mark.parametrize("change", [{"rotation": 2}, {"quality": "standard"}, {"input_key": "2.mp4"}])
def test_what_changes_pixels_is_rendered_again(change: dict[str, Any], place: Shop):
    carry(place, in_parts(2, framing(input_key="1.mp4")))
    assert carry(place, in_parts(2, framing(input_key="1.mp4") | change)).rendered == [0]


def test_the_same_job_again_is_answered_without_any_work(place: Shop):
    first = carry(place, in_parts(2, framing()), place.tenant)
    second = carry(place, in_parts(2, framing()), place.tenant)
    assert (second.result, second.jobs) == (first.result, [])


# Faults


@pytest.fixture
def half_broken(one_place: Shop) -> Shop:
    """One place to render, and a source whose second half cannot be decoded."""
    source = one_place.path("match.mp4")
    data = bytearray(source.read_bytes())
    for packet in packets(source)[FRAMES // 2 + 40 :]:
        data[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    source.write_bytes(data)
    return one_place


def test_a_part_that_fails_is_named_and_leaves_the_finished_ones_in_the_cache(half_broken: Shop):
    carried = carry(half_broken, in_parts(2, framing()))
    assert carried.code == "corrupt_media"
    assert carried.outcome.error is not None
    assert carried.outcome.error.details == {"part": 1, "parts": 2}
    assert len(half_broken.steps()) == 1


def test_a_part_that_fails_stops_the_others_and_leaves_nothing(one_place: Shop):
    damaged(one_place.path("match.mp4"))
    carried = carry(one_place, in_parts(7, framing()))
    assert carried.code == "corrupt_media"
    assert one_place.steps() == {}
    assert one_place.litter() == []
    assert not one_place.path(OUTPUT).exists()


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "a function that cannot be split": (in_parts(2, framing(), "concatenate_clips"), "invalid_request"),
    "no parts": (in_parts(0, framing()), "invalid_request"),
    "a fault of the function's own request": (in_parts(2, framing(output_width=91)), "invalid_size"),
    "a missing source": (in_parts(2, framing(input_key="missing.mp4")), "source_missing"),
    "an output outside": (in_parts(2, framing(output_key="../long.mp4")), "invalid_key"),
}


@pytest.mark.parametrize(("request_", "code"), FAULTS.values(), ids=FAULTS.keys())
def test_a_request_that_cannot_be_met_renders_nothing(request_: dict[str, Any], code: str, place: Shop):
    carried = carry(place, request_)
    assert (carried.code, carried.rendered) == (code, [])
    assert Stage.PROCESSING not in {event.stage for event in carried.events}


@needs_proc
def test_a_worker_that_is_killed_in_the_middle_of_its_part_is_replaced(place: Shop):
    carry(place, in_parts(2, framing()))
    expected = fingerprints(place.path(OUTPUT))
    place.path(OUTPUT).unlink()
    killer = Killer(Stage.PROCESSING, 1)
    carried = carry(place, in_parts(3, framing()), on_event=killer)
    assert killer.left == 0
    assert carried.outcome.succeeded
    assert fingerprints(place.path(OUTPUT)) == expected
    assert place.litter() == []


@needs_proc
def test_a_worker_that_is_killed_every_time_is_an_error_that_names_its_part(open_shop: MakeShop, match: Path):
    place = stocked(open_shop(retry=RetryPolicy(pauses_s=())), [match])
    carried = carry(place, in_parts(2, framing()), on_event=Killer(Stage.PROCESSING, 9))
    assert carried.code == "worker_lost"
    assert carried.outcome.error is not None
    assert carried.outcome.error.details["parts"] == 2
    assert place.litter() == []


@needs_proc
def test_after_a_crash_of_the_join_no_part_is_rendered_again(open_shop: MakeShop, match: Path):
    place = stocked(open_shop(retry=RetryPolicy(pauses_s=())), [match])
    # Sound makes the join long enough to be met.
    request = in_parts(2, framing(include_audio=True))

    def kill(event: Event) -> None:
        if event.stage is Stage.ENCODING:
            for worker in workers():
                os.kill(worker, signal.SIGKILL)

    crashed = carry(place, request, on_event=kill)
    assert (crashed.code, crashed.rendered) == ("worker_lost", [0, 3])
    again = carry(place, request)
    assert (again.rendered, again.result["cache"]) == ([], {"hits": 2, "misses": 0})
    assert seen(place.path(OUTPUT)) == list(range(FRAMES))


# Cancel


@pytest.mark.parametrize("stage", RUNNING)
def test_a_cancel_leaves_no_output_and_nothing_temporary(stage: Stage, place: Shop):
    stop = StopAt(stage)
    carried = carry(place, in_parts(3, framing()), on_event=stop, cancel=stop.cancel)
    assert (carried.code, carried.events[-1].stage) == ("cancelled", Stage.CANCELLED)
    assert not place.path(OUTPUT).exists()
    assert place.litter() == []
    assert workers() == [] or sys.platform != "linux"
