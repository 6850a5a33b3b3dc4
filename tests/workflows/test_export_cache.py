import os
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.workflows.clips import fingerprints, numbered, seen
from tests.workflows.conftest import stocked
from tests.workflows.exports import Shop, request_for

from clipmill.errors import ConflictError

CUT = {"type": "cut"}


@pytest.fixture
def five(shop: Shop, match: Path) -> list[dict[str, Any]]:
    """Five clips of 15 frames of one source."""
    stocked(shop, [match])
    return [
        {"source_key": "match.mp4", "name": f"clip {clip}", "segments_data": {"trim_range": [clip / 2, clip / 2 + 0.5]}}
        for clip in range(5)
    ]


def test_a_second_export_renders_nothing_and_shows_the_same_frames(shop: Shop, five: list[dict[str, Any]]):
    request = request_for(*five)
    first = shop.export(request)
    frames = fingerprints(shop.reel)
    shop.reel.unlink()
    second = shop.export(request)
    assert (sorted(first.rendered), second.rendered) == ([0, 1, 2, 3, 4], [])
    assert first.result["cache"] == {"hits": 0, "misses": 5}
    assert second.result["cache"] == {"hits": 5, "misses": 0}
    assert fingerprints(shop.reel) == frames


def test_only_the_clip_that_was_edited_is_rendered_again(shop: Shop, five: list[dict[str, Any]]):
    shop.export(request_for(*five, transition=CUT))
    five[3] |= {"segments_data": {"trim_range": [2.5, 3]}}
    export = shop.export(request_for(*five, transition=CUT))
    assert export.rendered == [3]
    assert export.result["cache"] == {"hits": 4, "misses": 1}
    assert seen(shop.reel) == [*range(45), *range(75, 90), *range(60, 75)]


RENAMED: dict[str, dict[str, Any]] = {
    "name": {"name": "Another name"},
    "file name": {"name": None, "file_name": "goal.mov"},
    "index": {"clip_index": 7},
    "editor's own fields": {"label": "x", "id": "42", "origin": "auto", "duration": 3},
    "an equal form": {"segments_data": {"trim_start": 0, "trim_end": 99}},
}


@pytest.mark.parametrize("change", RENAMED.values(), ids=RENAMED.keys())
def test_what_changes_no_pixel_renders_nothing(change: dict[str, Any], shop: Shop):
    clip = {"source_key": "0.mp4", "name": "a clip"}
    shop.export(request_for(clip))
    export = shop.export(request_for(clip | change))
    assert (export.rendered, export.result["cache"]) == ([], {"hits": 1, "misses": 0})


CHANGED: dict[str, dict[str, Any]] = {
    "rotation": {"clip": {"rotation": 1.5}},
    "size": {"output_width": 92},
    "ratio": {"output_width": 160, "output_height": 90},
    "quality": {"quality": "standard"},
    "rate": {"fps": 25},
    "sound": {"include_audio": False},
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED.keys())
def test_what_changes_pixels_or_sound_is_rendered_again(change: dict[str, Any], shop: Shop):
    clip = {"source_key": "0.mp4", "name": "a clip"}
    shop.export(request_for(clip))
    options = {name: value for name, value in change.items() if name != "clip"}
    export = shop.export(request_for(clip | change.get("clip", {}), **options))
    assert (export.rendered, export.result["cache"]) == ([0], {"hits": 0, "misses": 1})


def test_another_file_under_the_same_key_is_rendered_again(shop: Shop):
    request = request_for({"source_key": "0.mp4"})
    shop.export(request)
    numbered(shop.path("0.mp4"), 500, 30)
    assert shop.export(request).rendered == [0]
    assert seen(shop.reel) == list(range(500, 530))


def test_clips_of_another_tenant_are_not_found(shop: Shop):
    request = request_for({"source_key": "0.mp4"})
    shop.export(request)
    other = Shop(shop.folder, shop.machine, shop.runner, f"{shop.tenant}-other")
    os.link(shop.path("0.mp4"), other.path("0.mp4"))
    assert other.export(request).rendered == [0]


def test_a_clip_gets_new_neighbours_and_only_its_lossless_ends_change(shop: Shop, five: list[dict[str, Any]]):
    shop.export(request_for(*five[:3]))
    export = shop.export(request_for(*five[:4]))
    # The third clip was last and has a neighbour now: its end must be kept lossless.
    assert sorted(export.rendered) == [2, 3]


@pytest.mark.parametrize("damage", ["mark", "output", "size"])
def test_a_step_that_is_not_whole_is_rendered_again(damage: str, shop: Shop):
    request = request_for({"source_key": "0.mp4"})
    shop.export(request)
    [digest] = shop.steps()
    folder = shop.path(f"cache/{digest[:2]}/{digest}")
    if damage == "mark":
        (folder / "result.json").write_text("{")
    elif damage == "output":
        (folder / "output.mp4").unlink()
    else:
        (folder / "output.mp4").write_bytes(b"cut off")
    assert shop.export(request).rendered == [0]
    assert seen(shop.reel) == list(range(30))


def test_a_cache_without_room_keeps_nothing_and_costs_no_reel(shop: Shop):
    assert shop.export(request_for({"source_key": "0.mp4"}, {"source_key": "1.mp4"}), cache_bytes=0).result
    assert shop.steps() == {}
    assert shop.litter() == []
    assert seen(shop.reel)[:24] == list(range(24))


# The same job again


def test_the_same_job_again_is_answered_without_any_work(shop: Shop):
    request = request_for({"source_key": "0.mp4"})
    first = shop.export(request, shop.tenant)
    before = shop.reel.stat().st_mtime_ns
    second = shop.export(request, shop.tenant)
    assert second.result == first.result
    assert second.rendered == []
    assert [event.stage.value for event in second.events] == ["done"]
    assert shop.reel.stat().st_mtime_ns == before


def test_the_same_id_for_another_request_is_a_conflict(shop: Shop):
    shop.export(request_for({"source_key": "0.mp4"}), shop.tenant)
    export = shop.export(request_for({"source_key": "1.mp4"}), shop.tenant)
    assert isinstance(export.outcome.error, ConflictError)
    assert seen(shop.reel) == list(range(30))


@pytest.mark.parametrize("by", ["nobody", "another job"])
def test_the_same_job_again_makes_its_output_again_where_it_was_lost(by: str, shop: Shop):
    request = request_for({"source_key": "0.mp4"}, {"source_key": "1.mp4"})
    shop.export(request, shop.tenant)
    frames = fingerprints(shop.reel)
    if by == "nobody":
        shop.reel.unlink()
    else:
        shop.export(request_for({"source_key": "2.mp4"}), f"{shop.tenant}-2")
    assert shop.export(request, shop.tenant).result["frames"] == len(frames)
    assert fingerprints(shop.reel) == frames


def test_the_same_job_sent_twice_at_once_is_rendered_once(shop: Shop):
    request = request_for({"source_key": "0.mp4"}, {"source_key": "1.mp4"})
    exports: list[Any] = []
    callers = [threading.Thread(target=lambda: exports.append(shop.export(request, shop.tenant))) for _ in range(2)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    one, other = (export.result for export in exports)
    # One of the two may find that the other has kept the result meanwhile, and warn of it.
    ignored = {"timings", "cache", "warnings"}
    assert {name: one[name] for name in one.keys() - ignored} == {name: other[name] for name in one.keys() - ignored}
    assert len(list(shop.path("cache").rglob("result.json"))) == 2
    assert seen(shop.reel)[:24] == list(range(24))


def test_two_tenants_may_use_one_id(shop: Shop, small_shop: Shop):
    shop.export(request_for({"source_key": "0.mp4"}), shop.tenant)
    other = Shop(shop.folder, shop.machine, shop.runner, small_shop.tenant)
    assert other.export(request_for({"source_key": "1.mp4"}), shop.tenant).outcome.succeeded
