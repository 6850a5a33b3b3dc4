import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.workflows.clips import fingerprints, numbered, packets, seen
from tests.workflows.conftest import stocked
from tests.workflows.exports import MakeShop, Shop, request_for
from tests.workflows.processes import workers

from clipmill.errors import AccessDeniedError, ClipmillError, StorageWriteFailedError
from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
from clipmill.storage.folder import FolderStore
from clipmill.storage.retry import RetryPolicy
from clipmill.storage.store import PLAIN_BYTES, ObjectInfo, OnBytes

CLIPS = [{"source_key": f"{clip}.mp4", "name": f"clip {clip}"} for clip in range(3)]


def damaged(path: Path) -> Path:
    """Make most pictures of a video unreadable; what it says of itself stays whole."""
    data = bytearray(path.read_bytes())
    for packet in packets(path)[8:]:
        data[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    path.write_bytes(data)
    return path


@pytest.fixture
def half_broken(small_shop: Shop) -> Shop:
    """One place to render; the second source cannot be decoded."""
    damaged(numbered(small_shop.path("broken.mp4"), 500, 40))
    return small_shop


BROKEN = [CLIPS[0], {"source_key": "broken.mp4", "name": "The broken one"}, CLIPS[2]]


def test_the_clip_that_fails_is_named(half_broken: Shop):
    export = half_broken.export(request_for(*BROKEN))
    assert export.code == "corrupt_media"
    assert export.outcome.error is not None
    assert export.outcome.error.details == {"clip_index": 1, "name": "The broken one"}


def test_a_clip_that_fails_leaves_the_finished_ones_in_the_cache(half_broken: Shop):
    half_broken.export(request_for(*BROKEN))
    # The third clip may have been begun before the second one failed.
    kept = len(half_broken.steps())
    assert kept in (1, 2)
    mended = half_broken.export(request_for(CLIPS[0], CLIPS[1], CLIPS[2]))
    assert sorted(mended.rendered) == [1, 2][: 3 - kept]
    assert mended.result["cache"] == {"hits": kept, "misses": 3 - kept}


def test_a_clip_that_fails_leaves_nothing_temporary(half_broken: Shop):
    half_broken.export(request_for(*BROKEN))
    assert half_broken.litter() == []
    assert not half_broken.reel.exists()


def test_a_clip_that_fails_stops_the_others(half_broken: Shop, match: Path):
    stocked(half_broken, [match])
    long = [{"source_key": "match.mp4", "rotation": turn, "name": f"turned {turn}"} for turn in (5, 10, 15, 20)]
    export = half_broken.export(request_for(BROKEN[1], *long))
    assert export.code == "corrupt_media"
    assert half_broken.steps() == {}


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "bad segments": ({"segments_data": {"segments": [{"start": 1, "end": 0.5}]}}, "invalid_segments"),
    "no speed": ({"segments_data": {"segments": [{"start": 0, "end": 0.5, "speed": 0}]}}, "invalid_segments"),
    "a trim behind the end": ({"segments_data": {"trim_start": 9}}, "empty_range"),
    "a missing source": ({"source_key": "missing.mp4"}, "source_missing"),
    "a crop without width": (
        {"crop_keyframes": [{"time": 0, "x": 0, "y": 0, "width": 0, "height": 9}]},
        "invalid_keyframe",
    ),
    "a misspelt field": ({"segmentz": {}}, "invalid_request"),
}


@pytest.mark.parametrize(("fault", "code"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_of_the_last_clip_is_told_before_the_first_is_rendered(fault: dict[str, Any], code: str, shop: Shop):
    export = shop.export(request_for(CLIPS[0], CLIPS[1], CLIPS[2] | fault))
    assert (export.code, export.rendered) == (code, [])
    assert Stage.PROCESSING not in {event.stage for event in export.events}
    assert not shop.reel.exists()


REQUESTS: dict[str, tuple[dict[str, Any], str]] = {
    "no clips": ({"clips": []}, "no_clips"),
    "an unknown transition": ({"transition": {"type": "wipe"}}, "unknown_transition"),
    "a transition longer than a clip": ({"transition": {"type": "fade", "duration": 0.7}}, "transition_too_long"),
    "an odd size": ({"output_width": 91}, "invalid_size"),
    "no rate": ({"fps": 0}, "invalid_rate"),
    "no number": ({"fps": "fast"}, "invalid_rate"),
    "an encoder that is not there": ({"encoder": "nvenc"}, "encoder_unavailable"),
    "an output outside": ({"output_key": "../reel.mp4"}, "invalid_key"),
}


@pytest.mark.parametrize(("fault", "code"), REQUESTS.values(), ids=REQUESTS.keys())
def test_a_request_that_cannot_be_met_renders_nothing(fault: dict[str, Any], code: str, shop: Shop):
    export = shop.export(request_for(*CLIPS, **fault))
    assert (export.code, export.rendered) == (code, [])
    assert shop.steps() == {}
    assert shop.litter() == []


def test_a_misspelt_field_is_told_with_the_nearest_name(shop: Shop):
    error = shop.export(request_for(*CLIPS, transitoin={})).outcome.error
    assert error is not None
    assert "did you mean transition" in error.message


def test_a_shared_prefix_can_be_read_and_not_written(open_shop: MakeShop):
    shop = open_shop(shared_prefixes=("games/",))
    shared = shop.folder / "store" / "games"
    shared.mkdir(parents=True)
    numbered(shared / "final.mp4", 300, 30)
    clip = {"source_key": "games/final.mp4"}
    refused = shop.export(request_for(clip, output_key="games/reel.mp4"))
    assert (refused.code, refused.rendered) == ("invalid_key", [])
    shop.export(request_for(clip))
    assert seen(shop.reel) == list(range(300, 330))


class FullStore(FolderStore):
    """A folder that takes no object whose key ends in ``refused``."""

    def __init__(self, root: Path, refused: str, fault: ClipmillError) -> None:
        super().__init__(root)
        self.refused = refused
        self.fault = fault

    def adopt(
        self, path: Path, key: str, content_type: str = PLAIN_BYTES, on_bytes: OnBytes | None = None
    ) -> ObjectInfo:
        self._check(key)
        return super().adopt(path, key, content_type, on_bytes)

    def put_bytes(self, key: str, data: bytes, content_type: str = PLAIN_BYTES) -> ObjectInfo:
        self._check(key)
        return super().put_bytes(key, data, content_type)

    def _check(self, key: str) -> None:
        if self.refused and key.endswith(self.refused):
            raise self.fault


@pytest.fixture
def refusing(open_shop: MakeShop, tmp_path: Path) -> Any:
    """A shop on a store that refuses some objects."""

    def make(refused: str, fault: ClipmillError) -> tuple[Shop, FullStore]:
        store = FullStore(tmp_path / "store", refused, fault)
        return open_shop(store=store), store

    return make


def test_an_upload_that_fails_after_rendering_is_an_error(refusing: Any):
    shop, _ = refusing("reel.mp4", StorageWriteFailedError("the disk said no"))
    export = shop.export(request_for(*CLIPS))
    assert export.code == "storage_write_failed"
    assert sorted(export.rendered) == [0, 1, 2]
    assert not shop.reel.exists()
    assert shop.litter() == []


def test_the_reel_of_before_stays_when_a_new_one_fails(refusing: Any):
    shop, store = refusing("", AccessDeniedError("read only"))
    shop.export(request_for(*CLIPS))
    before = fingerprints(shop.reel)
    store.refused = "reel.mp4"
    assert shop.export(request_for(*CLIPS[:2])).code == "access_denied"
    assert fingerprints(shop.reel) == before
    store.refused = ""
    assert shop.export(request_for(*CLIPS[:2])).rendered == []


def test_the_reel_of_before_stays_when_a_clip_of_a_new_one_fails(half_broken: Shop):
    half_broken.export(request_for(*CLIPS))
    before = half_broken.reel.read_bytes()
    assert half_broken.export(request_for(*BROKEN)).code == "corrupt_media"
    assert half_broken.reel.read_bytes() == before


def test_a_cache_that_cannot_be_written_is_the_error_of_its_clip(refusing: Any):
    shop, _ = refusing("/result.json", AccessDeniedError("read only"))
    export = shop.export(request_for(*CLIPS))
    assert export.code == "access_denied"
    assert not shop.reel.exists()


def test_a_result_that_cannot_be_kept_is_a_warning(refusing: Any):
    shop, _ = refusing("jobs/job_1/result.json", AccessDeniedError("read only"))
    result = shop.export(request_for(*CLIPS), "job_1").result
    assert [warning["code"] for warning in result["warnings"]] == ["result_not_stored"]
    assert len(seen(shop.reel)) == result["frames"]


def test_a_cache_that_cannot_be_tidied_is_a_warning(open_shop: MakeShop, tmp_path: Path):
    class Hoarding(FolderStore):
        def delete(self, key: str) -> None:
            raise AccessDeniedError(f"{key} may not be deleted")

    shop = open_shop(store=Hoarding(tmp_path / "store"))
    result = shop.export(request_for(*CLIPS), cache_bytes=0).result
    assert [warning["code"] for warning in result["warnings"]] == ["cache_not_pruned"]
    assert len(seen(shop.reel)) == result["frames"]


# Workers that die


class Killer:
    """Kills the processes that render, once each time frames are told in a stage."""

    def __init__(self, stage: Stage, times: int) -> None:
        self.stage = stage
        self.left = times

    def __call__(self, event: Event) -> None:
        if event.stage is self.stage and event.frames_done and self.left:
            for worker in workers():
                os.kill(worker, signal.SIGKILL)
                self.left = max(0, self.left - 1)


needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc to find the processes")


@needs_proc
def test_a_worker_that_is_killed_is_replaced(shop: Shop, match: Path):
    stocked(shop, [match])
    killer = Killer(Stage.PROCESSING, 1)
    export = shop.export(request_for({"source_key": "match.mp4"}), on_event=killer)
    assert killer.left == 0
    assert seen(shop.reel) == list(range(400))
    assert export.outcome.succeeded
    assert shop.litter() == []


@needs_proc
def test_a_worker_that_is_killed_every_time_is_an_error_that_names_signal_and_clip(open_shop: MakeShop, match: Path):
    shop = stocked(open_shop(retry=RetryPolicy(pauses_s=())), [match])
    export = shop.export(
        request_for({"source_key": "match.mp4", "name": "The long one"}), on_event=Killer(Stage.PROCESSING, 9)
    )
    assert export.code == "worker_lost"
    assert export.outcome.error is not None
    assert "SIGKILL" in export.outcome.error.message
    assert export.outcome.error.details["name"] == "The long one"
    assert not shop.reel.exists()
    assert shop.litter() == []
