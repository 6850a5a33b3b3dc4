import threading
from itertools import pairwise

import pytest
from tests.workflows.exports import Export, Shop, request_for

from clipmill.errors import CorruptMediaError
from clipmill.function.stages import Stage
from clipmill.jobs.events import Event

CLIPS = [{"source_key": f"{clip}.mp4", "name": f"clip {clip}"} for clip in range(3)]
ORDER = list(Stage)


def lawful(export: Export) -> bool:
    """Whether the bar never fell, was never below 0, and stayed below 100 until the end."""
    bar = [event.progress for event in export.events]
    numbered = [event.seq for event in export.events] == list(range(1, len(bar) + 1))
    rising = all(earlier <= later for earlier, later in pairwise(bar)) and bar[0] >= 0
    return numbered and rising and all(progress < 100 for progress in bar[:-1])


def stages(export: Export) -> list[Stage]:
    return list(dict.fromkeys(event.stage for event in export.events))


def test_the_bar_rises_and_is_full_once_at_the_end(shop: Shop):
    export = shop.export(request_for(*CLIPS))
    assert lawful(export)
    assert [event.progress for event in export.events].count(100) == 1
    assert (export.events[-1].stage, export.events[-1].progress) == (Stage.DONE, 100)


def test_stages_come_in_their_order(shop: Shop):
    seen = stages(shop.export(request_for(*CLIPS)))
    assert seen == sorted(seen, key=ORDER.index)
    assert {Stage.STARTING, Stage.PREPARING, Stage.PROCESSING, Stage.ENCODING, Stage.PUBLISHING, Stage.DONE} <= set(
        seen
    )


def test_every_event_is_of_the_export_and_not_of_its_steps(shop: Shop):
    export = shop.export(request_for(*CLIPS), "job_mine")
    assert {event.job_id for event in export.events} == {"job_mine"}


def test_frames_are_counted_over_all_clips(shop: Shop):
    export = shop.export(request_for(*CLIPS))
    processing = [event for event in export.events if event.stage is Stage.PROCESSING and event.frames_total]
    assert {event.frames_total for event in processing} == {90}
    assert processing[-1].frames_done == 90
    assert {event.clips_total for event in processing if event.clip_index is not None} == {3}


@pytest.mark.parametrize("known", [1, 3])
def test_a_second_export_begins_where_the_cache_leaves_it(known: int, shop: Shop):
    shop.export(request_for(*CLIPS[:known], transition={"type": "cut"}))
    export = shop.export(request_for(*CLIPS, transition={"type": "cut"}))
    assert lawful(export)
    processing = [event for event in export.events if event.stage is Stage.PROCESSING]
    frames = sum((30, 24, 36)[:known])
    assert processing[1].progress >= int(10 + 70 * frames / 90)


def test_a_failed_export_keeps_its_bar_and_tells_the_error(shop: Shop):
    export = shop.export(request_for(*CLIPS, {"source_key": "missing.mp4"}))
    assert lawful(export)
    last = export.events[-1]
    assert (last.stage, last.progress) == (Stage.FAILED, max(event.progress for event in export.events))
    assert last.message.startswith("SourceMissingError: ")


def test_a_cancelled_export_ends_as_cancelled_and_tells_nothing_more(shop: Shop):
    cancel = threading.Event()

    def stop(event: Event) -> None:
        if event.stage is Stage.PROCESSING:
            cancel.set()

    export = shop.export(request_for(*CLIPS), on_event=stop, cancel=cancel)
    assert lawful(export)
    assert [event.stage for event in export.events].count(Stage.CANCELLED) == 1
    assert export.events[-1].stage is Stage.CANCELLED


def test_a_listener_that_fails_costs_no_reel(shop: Shop):
    def fail(_event: Event) -> None:
        raise RuntimeError("the screen is gone")

    assert shop.export(request_for(*CLIPS), on_event=fail).result["frames"] == 78


def test_what_a_step_could_not_do_is_the_error_and_no_half_event(shop: Shop):
    (shop.path("text.mp4")).write_text("no video at all")
    export = shop.export(request_for(*CLIPS[:2], {"source_key": "text.mp4"}))
    assert not isinstance(export.outcome.error, CorruptMediaError)
    assert export.code == "invalid_media"
    assert stages(export) == [Stage.STARTING, Stage.FAILED]
