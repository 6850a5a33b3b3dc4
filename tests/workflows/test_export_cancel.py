import os
import sys
import threading
from pathlib import Path

import pytest
from tests.workflows.clips import fingerprints, seen
from tests.workflows.conftest import stocked
from tests.workflows.exports import Shop, request_for
from tests.workflows.processes import below

from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
from clipmill.runners.local import LocalRunner

CLIPS = [{"source_key": f"{clip}.mp4", "name": f"clip {clip}"} for clip in range(3)]
RUNNING = [Stage.STARTING, Stage.PREPARING, Stage.PROCESSING, Stage.ENCODING]


class StopAt:
    """Cancels an export at the first event of a stage."""

    def __init__(self, stage: Stage) -> None:
        self.cancel = threading.Event()
        self._stage = stage

    def __call__(self, event: Event) -> None:
        if event.stage is self._stage:
            self.cancel.set()


@pytest.mark.parametrize("stage", RUNNING)
def test_an_export_that_is_cancelled_leaves_no_output_and_nothing_temporary(stage: Stage, shop: Shop, match: Path):
    stocked(shop, [match])
    stop = StopAt(stage)
    export = shop.export(request_for(*CLIPS, {"source_key": "match.mp4"}), on_event=stop, cancel=stop.cancel)
    assert export.code == "cancelled"
    assert export.events[-1].stage is Stage.CANCELLED
    assert not shop.reel.exists()
    assert shop.litter() == []


@pytest.mark.parametrize("stage", [Stage.UPLOADING, Stage.PUBLISHING])
def test_a_cancel_against_completion_has_one_winner(stage: Stage, shop: Shop):
    stop = StopAt(stage)
    export = shop.export(request_for(*CLIPS), on_event=stop, cancel=stop.cancel)
    assert shop.reel.exists() == export.outcome.succeeded
    assert export.outcome.succeeded or export.code == "cancelled"
    assert shop.litter() == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc to find the processes")
def test_the_processes_of_a_cancelled_export_are_gone(shop: Shop, match: Path):
    stocked(shop, [match])
    stop = StopAt(Stage.PROCESSING)
    clips = [{"source_key": "match.mp4", "rotation": turn} for turn in (1, 2, 3)]
    before = below(os.getpid())
    shop.export(request_for(*clips), on_event=stop, cancel=stop.cancel)
    # The warm process stays with its runner; whatever was forked to render is gone.
    assert below(os.getpid()) == before


def test_an_export_that_was_cancelled_before_it_began_runs_nothing(shop: Shop):
    cancel = threading.Event()
    cancel.set()
    export = shop.export(request_for(*CLIPS), cancel=cancel)
    assert (export.code, export.rendered) == ("cancelled", [])


def test_the_reel_of_before_stays_when_a_new_one_is_cancelled(shop: Shop):
    shop.export(request_for(*CLIPS))
    before = fingerprints(shop.reel)
    stop = StopAt(Stage.ENCODING)
    assert shop.export(request_for(*CLIPS[:2]), on_event=stop, cancel=stop.cancel).code == "cancelled"
    assert fingerprints(shop.reel) == before


def test_what_was_finished_before_a_cancel_is_used_by_the_next_export(shop: Shop):
    stop = StopAt(Stage.ENCODING)
    shop.export(request_for(*CLIPS), on_event=stop, cancel=stop.cancel)
    export = shop.export(request_for(*CLIPS))
    assert (export.rendered, export.result["cache"]) == ([], {"hits": 3, "misses": 0})
    assert seen(shop.reel)[:24] == list(range(24))


def test_a_runner_that_closes_ends_the_export_as_cancelled(shop: Shop, match: Path):
    stocked(shop, [match])
    runner = LocalRunner(shop.machine, 2)
    own = Shop(shop.folder, shop.machine, runner, shop.tenant)
    closing = threading.Thread(target=runner.close)

    def close(event: Event) -> None:
        if event.stage is Stage.PROCESSING and not closing.ident:
            closing.start()

    export = own.export(request_for({"source_key": "match.mp4"}, *CLIPS), on_event=close)
    closing.join()
    assert export.code == "cancelled"
    assert not shop.reel.exists()
