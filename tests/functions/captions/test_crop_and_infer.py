"""One run from the video to the manifest, and what remains where it fails."""

import hashlib
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from tests.contexts import FolderContext
from tests.engines.caption_databases import files
from tests.engines.damage import damaged
from tests.functions.captions.readers import (
    BRIGHT,
    CLIENT,
    SERVER,
    TENANT,
    VIDEO,
    Brightness,
    Nonsense,
    objects,
    request,
    video,
)
from tests.jobs.machines import job, machine
from tests.media_factory import Sound
from tests.storage.s3_server import S3Server, s3_server

from clipmill.engines.caption_chunks import check_chunk
from clipmill.engines.caption_databases.extents import last_fence, read_extents
from clipmill.engines.caption_databases.layout import BoxRow, LayoutConfigRow, LayoutContent, write_layout
from clipmill.engines.pair_models import PairContext
from clipmill.engines.pair_models.model import Frames, Rows
from clipmill.errors import (
    CancelledError,
    DecodeFailedError,
    EncodeFailedError,
    ForbiddenError,
    InvalidParameterError,
    LockLostError,
    ModelMissingError,
    ModelOutputInvalidError,
    StorageUnavailableError,
    UnsupportedMediaError,
)
from clipmill.function.caption_shapes import CropInferResult
from clipmill.function.stages import Stage
from clipmill.functions import caption_band
from clipmill.functions import crop_and_infer_caption_frame_extents as module
from clipmill.jobs.perform import perform
from clipmill.media.captions.keys import VideoKeys
from clipmill.media.captions.layout import AnchorType
from clipmill.media.captions.manifest import Manifest, parse_manifest
from clipmill.media.geometry import Size
from clipmill.storage.open import open_store
from clipmill.storage.store import ObjectInfo, OnBytes, Store

__all__ = ["s3_server"]

crop_and_infer = module.crop_and_infer_caption_frame_extents
KEYS = VideoKeys(TENANT, VIDEO)


@pytest.fixture(autouse=True)
def brightness(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Brightness())


def use(monkeypatch: pytest.MonkeyPatch, model: Brightness) -> None:
    monkeypatch.setattr(caption_band, "pair_model", lambda name, threads, **_: model)


def run(world: FolderContext, key: str, **more: object) -> CropInferResult:
    result = crop_and_infer(request(key, **more), world)
    assert isinstance(result, CropInferResult)
    return result


def manifest(world: FolderContext, version: int) -> Manifest:
    place = KEYS.cropped_frames(version)
    return parse_manifest((world.folder / place.manifest.removeprefix("team/")).read_text(), place)


def test_a_run_writes_chunks_extents_and_a_manifest_that_tells_of_them(world: FolderContext):
    """Regressions 2, 8 and 62."""
    result = run(world, video(world), crf=20)
    assert (result.version, result.frame_count, result.pair_count, result.chunk_count) == (1, 20, 19, 3)
    assert (result.pixel_width, result.pixel_height, result.warnings) == (128, 18, [])
    assert result.cropped_frames_prefix == f"team/{CLIENT}cropped_frames_v1/"
    for named in (result.caption_frame_extents_db_key, result.manifest_key):
        assert (world.folder / named.removeprefix("team/")).is_file()
    assert all(name.startswith((CLIENT, SERVER)) for name in objects(world))
    told = manifest(world, 1)
    assert (told.frame_count, told.encoder.crf, told.model.name, told.run_id) == (20, 20, "brightness", result.run_id)
    assert told.total_bytes == result.total_bytes
    for chunk in told.chunks:
        path = world.folder / CLIENT / "cropped_frames_v1" / chunk.name
        check_chunk(path, len(chunk.frames), Fraction(10))
        data = path.read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (chunk.bytes, chunk.sha256)
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            assert (stream.width, stream.height) == (told.pixel_rect.width, told.pixel_rect.height)


def test_captions_are_found_where_the_model_sees_them(world: FolderContext):
    result = run(world, video(world))
    assert result.caption_count == 1
    assert result.label_counts == {"same": 6, "different": 0, "empty_empty": 11, "empty_valid": 1, "valid_empty": 1}
    extents = read_extents(world.folder / SERVER / "caption_frame_extents/v1.db")
    assert [(one.start_frame, one.end_frame) for one in extents.captions] == [(BRIGHT.start, BRIGHT.stop)]
    stored = files.rows(world.folder / SERVER / "caption_frame_extents.db", "SELECT * FROM run_metadata")
    assert stored[0][:5] == (result.run_id, 1, 20, 19, 10.0)
    assert json.loads(stored[0][5]) == {"crop_left": 0.1, "crop_top": 0.0, "crop_right": 0.9, "crop_bottom": 0.2}
    assert stored[0][6:9] == ("brightness", "7", "a" * 64)


def test_what_makes_the_version_exist_is_published_last(world: FolderContext):
    run(world, video(world))
    tail = world.published[-3:]
    assert tail == [
        f"{SERVER}caption_frame_extents/v1.db",
        f"{SERVER}caption_frame_extents.db",
        f"{CLIENT}cropped_frames_v1/manifest.json",
    ]
    assert all(name.endswith(".webm") for name in world.published[:-3])


def test_two_runs_make_two_versions_both_whole(world: FolderContext):
    """Regression 3."""
    key = video(world)
    first, second = run(world, key), run(world, key, frame_rate=5, min_caption_frames=4)
    assert (first.version, second.version) == (1, 2)
    assert (manifest(world, 1).frame_count, manifest(world, 2).frame_count) == (20, 10)
    assert read_extents(world.folder / SERVER / "caption_frame_extents/v1.db").frame_count == 20
    assert read_extents(world.folder / SERVER / "caption_frame_extents.db").version == 2
    assert (first.caption_count, second.caption_count) == (1, 0)


def test_progress_is_told_frame_by_frame(world: FolderContext):
    run(world, video(world))
    told = [done for done, total, stage in world.reports if (total, stage) == (20, Stage.PROCESSING)]
    assert told == list(range(21))


def test_a_run_that_fails_leaves_no_manifest_and_its_number_is_never_used_again(
    world: FolderContext, monkeypatch: pytest.MonkeyPatch
):
    """Regressions 12 and 31."""
    key = video(world)
    run(world, key)
    before = objects(world)
    use(monkeypatch, Nonsense())
    with pytest.raises(ModelOutputInvalidError, match="brightness: forward pair"):
        run(world, key)
    assert objects(world) == before
    use(monkeypatch, Brightness())
    assert run(world, key).version == 3


def test_a_chunk_that_cannot_be_encoded_fails_the_run(world: FolderContext, monkeypatch: pytest.MonkeyPatch):
    """Regression 11."""
    new_file = world.new_file
    monkeypatch.setattr(
        world, "new_file", lambda name: Path("/nowhere") / name if name.endswith(".webm") else new_file(name)
    )
    with pytest.raises(EncodeFailedError, match=r"webm: the encoder gave up"):
        run(world, video(world))
    assert objects(world) == set()


def test_a_run_that_is_cancelled_stores_nothing(world: FolderContext, monkeypatch: pytest.MonkeyPatch):
    def report(done: int, total: int, stage: Stage) -> None:
        if done == 7:
            raise CancelledError("stop")

    monkeypatch.setattr(world, "report", report)
    with pytest.raises(CancelledError):
        run(world, video(world))
    assert objects(world) == set()


def test_a_model_whose_bytes_are_not_the_expected_ones_writes_no_prediction(
    world: FolderContext, monkeypatch: pytest.MonkeyPatch
):
    """Regression 28."""
    monkeypatch.undo()
    (world.folder / "models").mkdir()
    (world.folder / "models/a.onnx").write_bytes(b"one byte changed")
    with pytest.raises(ModelMissingError):
        run(world, video(world), model="onnx:team/models/a.onnx", model_sha256="0" * 64)
    assert objects(world) == {"models/a.onnx"}


@pytest.mark.parametrize("frames", [1, 2])
def test_the_shortest_videos_are_read_to_their_end(frames: int, world: FolderContext):
    """Regression 30."""
    result = run(world, video(world, frames=frames, flashes=()))
    assert (result.frame_count, result.pair_count, result.caption_count, result.chunk_count) == (
        frames,
        frames - 1,
        0,
        3,
    )
    assert sum(result.label_counts.values()) == frames - 1


def test_no_frame_lies_behind_the_end_of_the_picture_however_long_the_sound_is(world: FolderContext):
    result = run(world, video(world, frames=15, sound=Sound(end=Fraction(4))))
    assert result.frame_count == 15


def test_pictures_that_cannot_be_decoded_are_told_up_to_a_twentieth(world: FolderContext):
    key = video(world, frames=60)
    whole = (world.folder / "raw.mp4").rename(world.folder / "whole.mp4")
    damaged(whole, world.folder / "raw.mp4", [30, 40], kept=0)
    (warning,) = run(world, key).warnings
    assert (warning.code, warning.message[:8]) == ("concealed_frames", "2 frames")
    damaged(whole, world.folder / "raw.mp4", range(30, 40), kept=0)
    with pytest.raises(DecodeFailedError):
        run(world, key)


@pytest.mark.parametrize(
    ("region", "named"),
    [
        ({"crop_left": 0.1, "crop_top": 0.0, "crop_right": 0.9, "crop_bottom": 0.05}, "at least 8"),
        ({"crop_left": 0.9, "crop_top": 0.0, "crop_right": 0.1, "crop_bottom": 0.5}, "crop_left < crop_right"),
        ({"crop_left": 10, "crop_top": 0.0, "crop_right": 200, "crop_bottom": 0.5}, "crop_left"),
    ],
)
def test_a_region_that_is_none_is_refused_before_a_number_is_taken(
    region: dict[str, float], named: str, world: FolderContext
):
    with pytest.raises(InvalidParameterError, match=named):
        run(world, video(world), crop_region=region)
    assert list(world.folder.glob("client")) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"frame_rate": 61},
        {"frame_rate": 0.5},
        {"inference_batch_size": 0},
        {"encoder_workers": 65},
        {"crf": 64},
        {"min_caption_frames": 0},
        {"hwaccel": "magic"},
        {"video_id": "../x"},
        {"tenant_id": ""},
    ],
    ids=str,
)
def test_a_parameter_out_of_bounds_is_refused_before_anything_is_read(wrong: dict[str, object], tmp_path: Path):
    with pytest.raises(InvalidParameterError):
        crop_and_infer(request("team/none.mp4", **wrong), FolderContext(tmp_path))


def test_a_video_of_another_tenant_is_forbidden_before_any_read(tmp_path: Path):
    """Regression 50."""
    with pytest.raises(ForbiddenError):
        crop_and_infer(request("other/raw.mp4"), FolderContext(tmp_path))


def test_what_is_no_video_is_unsupported(world: FolderContext):
    (world.folder / "raw.mp4").write_text("not a video, only words")
    with pytest.raises(UnsupportedMediaError):
        run(world, "team/raw.mp4")


def test_a_plan_says_what_a_run_will_make_and_writes_nothing(world: FolderContext):
    told = crop_and_infer.plan(crop_and_infer.parse(request(video(world, frames=40))), world)
    assert told["frame_count"] == 40
    assert told["chunks"] == {"16": 1, "4": 1, "1": 2}
    assert (told["next_version"], told["pixel_rect"]["width"]) == (1, 128)
    assert objects(world) == set()


class Recorded(Brightness):
    """Keeps what it is told of where the frames come from."""

    def __init__(self) -> None:
        self.context: PairContext | None = None

    def predict(self, first: Frames, second: Frames, context: PairContext) -> Rows:
        self.context = context
        return super().predict(first, second, context)


def test_the_model_is_told_what_the_layout_of_the_video_says(world: FolderContext, monkeypatch: pytest.MonkeyPatch):
    model = Recorded()
    use(monkeypatch, model)
    key = video(world, frames=3, flashes=())
    run(world, key)
    assert model.context is not None
    assert (model.context.frame_size, model.context.anchor_type, model.context.boxes) == (Size(160, 90), None, ())
    now, stale = BoxRow(0, 0, 0.1, 0.8, 0.9, 0.9, "Hi"), BoxRow(0, 1, 0.1, 0.1, 0.9, 0.2, label="in", stale=True)
    config = LayoutConfigRow(160, 90, crop_source="auto", anchor_type="left", anchor_position=0.1)
    write_layout(world.folder / CLIENT / "layout.db.gz", LayoutContent((now, stale), config))
    run(world, key)
    told = model.context
    assert (told.anchor_type, told.anchor_position) == (AnchorType.LEFT, 0.1)
    assert [(box.text, box.top) for box in told.boxes] == [("Hi", 0.8)]


@pytest.mark.parametrize("content", [b"\x1f\x8bnonsense", b"no database"])
def test_a_layout_that_cannot_be_read_is_told_and_left_out(world: FolderContext, content: bytes):
    key = video(world, frames=3, flashes=())
    layout = world.folder / CLIENT / "layout.db.gz"
    layout.parent.mkdir(parents=True)
    layout.write_bytes(content)
    result = run(world, key)
    assert [warning.code for warning in result.warnings] == ["layout_unreadable"]
    assert (result.version, layout.read_bytes()) == (1, content)


def test_extents_of_a_later_lock_are_not_replaced(world: FolderContext):
    key = video(world, frames=3, flashes=())
    run(world, key, fence=4)
    newest = world.folder / SERVER / "caption_frame_extents.db"
    with pytest.raises(LockLostError, match="lock 4"):
        run(world, key, fence=3)
    assert (last_fence(newest), list(world.folder.glob(f"{CLIENT}*_v2"))) == (4, [])
    run(world, key)
    assert last_fence(newest) == 4
    newest.write_bytes(b"no database")
    run(world, key, fence=2)
    assert last_fence(newest) == 2


def test_a_lock_that_was_lost_during_the_run_stores_nothing(world: FolderContext, monkeypatch: pytest.MonkeyPatch):
    key = video(world, frames=3, flashes=())
    run(world, key, fence=2)
    before, later = objects(world), iter([2, 3])
    monkeypatch.setattr("clipmill.functions.caption_objects.last_fence", lambda _path: next(later))
    with pytest.raises(LockLostError):
        run(world, key, fence=2)
    assert objects(world) == before


def test_the_number_starts_where_the_caller_says(world: FolderContext):
    asked = request(video(world, frames=3, flashes=()), least_version=5)
    assert crop_and_infer.plan(crop_and_infer.parse(asked), world)["next_version"] == 5
    assert run(world, "team/raw.mp4", least_version=5).version == 5


class Failing(Store):
    """A store in memory into which one object cannot be written."""

    def __init__(self, broken: str) -> None:
        self.store = open_store("memory://", {})
        self.broken = broken

    def __getattribute__(self, name: str) -> Any:
        own = {"upload", "store", "broken", "__class__"}
        return super().__getattribute__(name) if name in own else getattr(self.store, name)

    def upload(self, path: Path, key: str, content_type: str = "", on_bytes: OnBytes | None = None) -> ObjectInfo:
        if key.endswith(self.broken):
            raise StorageUnavailableError(f"{key}: the store went away")
        return self.store.upload(path, key, content_type, on_bytes)


def test_an_upload_that_fails_for_good_leaves_of_the_version_only_its_number(tmp_path: Path):
    """Regressions 11 and 12."""
    video(FolderContext(tmp_path), frames=3, flashes=())
    store = Failing("cropped_frames_v1/manifest.json")
    store.store.put_bytes("team/raw.mp4", (tmp_path / "raw.mp4").read_bytes())
    here = machine(tmp_path, store, catalogue={"crop": f"{module.__name__}:{crop_and_infer.name}"})
    task = job("crop", **request("team/raw.mp4", model="strokes"))
    failed = perform(task, here)
    assert isinstance(failed.error, StorageUnavailableError)
    (left,) = (info.key for info in store.store.list("team") if info.key != "team/raw.mp4")
    assert left.startswith(KEYS.cropped_frames(1).claims)
    assert (perform(task, here).result or {}).get("version") == 2


def test_a_run_in_a_child_on_a_video_that_all_may_read_stores_everything_in_a_bucket(
    s3_server: S3Server, tmp_path: Path
):
    bucket = s3_server.new_bucket()
    store = open_store(s3_server.url(bucket), s3_server.environment)
    world = FolderContext(tmp_path)
    video(world)
    source = store.put_bytes("test/raw.mp4", (tmp_path / "raw.mp4").read_bytes())
    catalogue = {"crop": f"{module.__name__}:{crop_and_infer.name}"}
    here = machine(tmp_path, store, catalogue=catalogue, shared_prefixes=("test/",))
    outcome = perform(job("crop", **request("test/raw.mp4", model="strokes")), here)
    assert outcome.error is None
    assert outcome.result is not None
    keys = {info.key for info in store.list("team/client")} | {info.key for info in store.list("team/server")}
    place = KEYS.cropped_frames(1)
    chunks = {place.chunk(level, 0) for level in (16, 4, 1)}
    assert {key for key in keys if ".claims" not in key} == {
        *chunks,
        place.manifest,
        KEYS.newest_extents,
        KEYS.extents(1),
    }
    kinds = {key: s3_server.client.head_object(Bucket=bucket, Key=key)["ContentType"] for key in keys}
    assert kinds[place.chunk(1, 0)] == "video/webm"
    assert kinds[place.manifest] == "application/json"
    assert kinds[KEYS.newest_extents] == "application/vnd.sqlite3"
    assert outcome.result["manifest_key"] == place.manifest
    told = parse_manifest(store.get_bytes(place.manifest).decode(), place).source
    assert (told.key, told.bytes, told.etag) == ("test/raw.mp4", source.size, source.etag)
