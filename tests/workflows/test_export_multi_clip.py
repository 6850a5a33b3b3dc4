from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.contexts import FolderContext
from tests.media_factory import find_beeps, find_flashes
from tests.workflows.clips import at_places, fingerprints, flashing, joined, numbers_to_see, seen
from tests.workflows.conftest import LENGTHS, stocked
from tests.workflows.exports import OUTPUT, Shop, machine_in, request_for

from clipmill.engines.probe import probe, require_video
from clipmill.functions.multi_clip_item import process_multi_clip_item
from clipmill.functions.multi_clip_plan import plan_multi_clip
from clipmill.media.geometry import Size
from clipmill.media.transitions import TransitionKind, plan_join
from clipmill.runners.local import LocalRunner
from clipmill.storage.folder import FolderStore
from clipmill.storage.mounted import MountedStore
from clipmill.storage.open import open_store

THREE = [{"source_key": f"{clip}.mp4", "name": f"clip {clip}"} for clip in range(3)]
FIRSTS = (0, 1000, 2000)


@pytest.mark.parametrize("kind", ["cut", "fade", "dissolve"])
def test_the_reel_shows_every_clip_in_its_place(kind: str, shop: Shop):
    result = shop.export(request_for(*THREE, transition={"type": kind, "duration": 0.2})).result
    join = plan_join(TransitionKind(kind), Fraction(1, 5), Fraction(30), LENGTHS, ["", "", ""])
    expected, numbers = numbers_to_see(join, FIRSTS), seen(shop.reel)
    assert len(numbers) == result["frames"] == join.total_frames
    assert at_places(numbers, expected) == expected
    assert result["clip_starts"] == [start / 30 for start in join.starts]
    assert [mark["start"] for mark in result["chapters"]] == [-(-start * 1000 // 30) / 1000 for start in join.starts]


def test_the_result_tells_what_was_written(shop: Shop):
    result = shop.export(request_for(*THREE)).result
    expected = {
        *("status", "output_key", "duration", "frames", "width", "height", "fps", "audio", "encoder", "warnings"),
        *("timings", "copied_ranges", "chapters", "upscale", "cache", "clip_starts"),
    }
    video = require_video(probe(shop.reel))
    assert result.keys() == expected
    assert (result["status"], result["output_key"], result["encoder"]) == ("success", OUTPUT, "x264")
    assert (result["frames"], result["duration"]) == (video.frames, float(video.duration)) == (78, 2.6)
    assert (
        (Size(result["width"], result["height"]), result["fps"]) == (video.displayed, "30/1") == (Size(90, 160), "30/1")
    )
    assert result["copied_ranges"] == [[0.0, 0.8], [1.0, 1.4], [1.6, 2.6]]
    assert (result["audio"], result["warnings"], result["cache"]) == ("encoded", [], {"hits": 0, "misses": 3})
    assert result["upscale"] == {"requested": "never", "used": "none", "scale": 1}
    assert 0 < result["timings"]["process_s"] < result["timings"]["total_s"]


def test_warnings_of_a_clip_name_it(shop: Shop):
    outside = {"crop_keyframes": [{"time": 0, "x": 300, "y": 0, "width": 90, "height": 160}]}
    result = shop.export(request_for({"clip_index": 4} | THREE[0] | outside)).result
    assert [(warning["code"], warning["clip_index"]) for warning in result["warnings"]] == [("crop_clamped", 4)]


def test_the_number_of_workers_changes_no_frame(shop: Shop, small_shop: Shop):
    request = request_for(*THREE)
    for one in (shop, small_shop):
        one.export(request)
    assert fingerprints(shop.reel) == fingerprints(small_shop.reel)


def test_calls_in_one_process_give_the_frames_of_the_workflow(shop: Shop, drawn: list[Path], world: FolderContext):
    request = request_for(*THREE)
    shop.export(request)
    for path in drawn:
        world.put(path)
    clips = plan_multi_clip(request, world).to_json()["plan"]["clips"]
    for clip in clips:
        keys = {"input_key": clip["source_key"], "output_key": f"item{clip['clip_index']}.mp4", "joinable": True}
        process_multi_clip_item(clip["request"] | keys, world)
    joined(world, [f"item{clip}.mp4" for clip in range(3)], "dissolve", 0.2)
    assert fingerprints(world.folder / "reel.mp4") == fingerprints(shop.reel)


def test_many_clips_of_one_source_are_all_in_their_place(shop: Shop, match: Path):
    stocked(shop, [match])
    clips = [
        {"source_key": "match.mp4", "source_start_time": number / 6, "source_end_time": (number + 1) / 6}
        for number in range(12)
    ]
    result = shop.export(request_for(*clips, transition={"type": "cut"})).result
    assert seen(shop.reel) == list(range(60))
    assert len(result["chapters"]) == 12


def test_picture_and_sound_stay_together(shop: Shop):
    flashing(shop.path("flash.mp4"), 12, 30)
    clips = [{"source_key": "flash.mp4", "rotation": rotation} for rotation in (0, 1, 2, 3, 4, 5)]
    shop.export(request_for(*clips, fps=29.97))
    flashes, beeps = find_flashes(shop.reel), find_beeps(shop.reel)
    assert len(flashes) == len(beeps) == 6
    assert beeps == pytest.approx([float(flash) for flash in flashes], abs=1024 / 48000)


def test_two_equal_clips_are_rendered_once(shop: Shop):
    twins = [THREE[0] | {"name": "first time"}, THREE[1], THREE[0] | {"name": "again"}]
    export = shop.export(request_for(*twins, transition={"type": "cut"}))
    assert sorted(export.rendered) == [0, 1]
    assert export.result["cache"] == {"hits": 1, "misses": 2}
    assert seen(shop.reel) == [*range(30), *range(1000, 1024), *range(30)]
    assert [mark["title"] for mark in export.result["chapters"]] == ["first time", "clip 1", "again"]


def test_a_single_clip_is_a_reel_without_chapters(shop: Shop):
    result = shop.export(request_for(THREE[2])).result
    assert seen(shop.reel) == list(range(2000, 2036))
    assert (result["chapters"], result["clip_starts"], result["copied_ranges"]) == ([], [0.0], [[0.0, 1.2]])


def test_clips_play_in_the_order_of_their_index(shop: Shop):
    clips = [{"clip_index": 2, "source_key": "0.mp4"}, {"clip_index": 0}, {"clip_index": 1}]
    shop.export(request_for(*clips, source_keys=["2.mp4", "1.mp4"], transition={"type": "cut"}))
    assert seen(shop.reel) == [*range(2000, 2036), *range(1000, 1024), *range(30)]


@pytest.mark.parametrize("quality", ["draft", "standard", "high"])
def test_every_quality_has_the_frames_of_the_plan(quality: str, shop: Shop):
    shop.export(request_for(*THREE[:2], quality=quality))
    assert seen(shop.reel)[:24] == list(range(24))
    assert seen(shop.reel)[30:] == list(range(1006, 1024))


def test_files_of_this_machine_can_be_sources_and_output(drawn: list[Path], tmp_path: Path):
    store = MountedStore(FolderStore(tmp_path / "store"), {"files": FolderStore(Path("/"))})
    machine = machine_in(tmp_path, store)
    output = tmp_path / "reel with spaces.mp4"
    clips = [{"source_key": f"files{path}"} for path in drawn]
    with LocalRunner(machine, 2) as runner:
        shop = Shop(tmp_path, machine, runner, tenant="")
        result = shop.export(request_for(*clips, output_key=f"files{output}", transition={"type": "cut"})).result
    assert result["output_key"] == f"files{output}"
    assert seen(output) == [*range(30), *range(1000, 1024), *range(2000, 2036)]
    assert len(shop.steps()) == 3
    assert shop.litter() == []


def test_a_store_without_files_gives_the_same_reel(shop: Shop, drawn: list[Path], tmp_path: Path):
    request = request_for(*THREE)
    shop.export(request)
    store: Any = open_store("memory://", {})
    for path in drawn:
        store.upload(path, f"team/{path.name}")
    machine = machine_in(tmp_path, store)
    with LocalRunner(machine, 2) as runner:
        assert Shop(tmp_path, machine, runner).export(request).result["cache"]["misses"] == 3
    store.download(f"team/{OUTPUT}", tmp_path / "reel.mp4")
    assert fingerprints(tmp_path / "reel.mp4") == fingerprints(shop.reel)


def test_an_output_is_complete_when_success_is_told(shop: Shop):
    sizes: list[int] = []

    def look(event: Any) -> None:
        if event.stage == "done":
            sizes.append(shop.reel.stat().st_size)

    shop.export(request_for(*THREE), on_event=look)
    assert sizes == [shop.reel.stat().st_size]


def test_nothing_temporary_is_left(shop: Shop):
    assert shop.export(request_for(*THREE)).result["frames"] == 78
    assert shop.litter() == []
