"""Exports as editors post them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import httpx
import pytest
from tests.api.callers import Caller
from tests.api.worlds import Worker, World
from tests.media_factory import Recipe, make_video
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from clipmill.api.export_status import ExportStatus
from clipmill.api.tidying import tidy
from clipmill.errors import EncoderFailedError
from clipmill.functions.catalog import CATALOG
from clipmill.runners.embedded import PLANNERS

CLIPS = {"clips": [{"clipIndex": 0, "fileName": "a.mp4"}, {"clipIndex": 1, "fileName": "b.mp4"}]}
FIELDS = {"export_id": "exp-1", "multi_clip_data_json": json.dumps(CLIPS), "include_audio": "true", "target_fps": "30"}


@pytest.fixture
def editor(there: World, client: Caller) -> Caller:
    """A caller of a service with the real functions."""
    object.__setattr__(there.service, "machine", replace(there.service.machine, catalogue=CATALOG))
    object.__setattr__(there.service, "planners", PLANNERS)
    return client


def post(editor: Caller, fields=None, **videos: bytes):
    files = {name: (f"{name}.mp4", data, "video/mp4") for name, data in videos.items()}
    return editor.post("/api/export/multi-clip", data=FIELDS if fields is None else fields, files=files or {"": b""})


def keys(there: World) -> list[str]:
    return [info.key for info in there.service.store.list("")]


def job_of(there: World):
    [line] = there.ledger.jobs("team").jobs
    return there.ledger.get("team", line.id)


def test_a_form_becomes_a_job_with_its_videos_as_sources(there: World, editor: Caller):
    told = post(editor, video_0=b"first", video_1=b"second")
    assert (told.status_code, told.json()) == (202, {"status": "accepted", "export_id": "exp-1"})
    job = job_of(there)
    assert (job.function, job.labels) == ("export_multi_clip", {"export_id": "exp-1"})
    assert job.request["clips"] == CLIPS["clips"]
    assert (job.request["include_audio"], job.request["target_fps"]) == (True, "30")
    assert job.request["output_key"] == "output/exp-1/video.mp4"
    sources = job.request["source_keys"]
    assert [there.service.store.get_bytes(f"team/{key}") for key in sources] == [b"first", b"second"]
    assert all(key.startswith("temp/") for key in sources)


def test_the_fields_of_a_form_may_come_behind_its_videos(there: World, editor: Caller):
    parts = [("video_0", ("a.mp4", b"first", "video/mp4"))]
    parts += [(name, (None, value)) for name, value in (FIELDS | {"project_id": "7", "project_name": "Cup ü"}).items()]
    assert editor.post("/api/export/multi-clip", files=parts).status_code == 202
    assert job_of(there).labels == {"export_id": "exp-1", "project_id": "7", "project_name": "Cup ü"}


def test_the_videos_of_a_form_go_when_its_export_has_ended(there: World, editor: Caller):
    post(editor, video_0=b"first", video_1=b"second")
    tidy(there.app.state.desk, datetime.now(UTC) + timedelta(days=30))
    assert len(keys(there)) == 3
    Worker(there.ledger).fail(EncoderFailedError("no"))
    tidy(there.app.state.desk, datetime.now(UTC))
    assert keys(there) == []


def test_a_form_whose_service_died_is_swept_in_the_end(there: World, editor: Caller):
    there.service.store.put_bytes(f"team/temp/frm_{0:032x}/source_0.mp4", b"x")
    post(editor, video_0=b"first", video_1=b"second")
    tidy(there.app.state.desk, datetime.now(UTC))
    assert len(keys(there)) == 3
    assert not any("frm_000000" in key for key in keys(there))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"multi_clip_data_json": "no json"}, "invalid_request"),
        ({"multi_clip_data_json": "[]"}, "invalid_request"),
        ({"multi_clip_data_json": json.dumps({"clips": []})}, "no_clips"),
        ({"multi_clip_data_json": json.dumps(CLIPS | {"colour": 1})}, "invalid_request"),
        ({"multi_clip_data_json": ""}, "invalid_request"),
        ({"include_audio": "maybe"}, "invalid_request"),
        ({"target_fps": "fast"}, "invalid_rate"),
        ({"export_id": "../x"}, "invalid_key"),
        ({"project_name": "x" * 300}, "invalid_request"),
        ({"colour": "red"}, "invalid_request"),
    ],
)
def test_a_form_that_cannot_be_meant_is_refused_and_leaves_nothing(there: World, editor: Caller, changes, code: str):
    told = post(editor, FIELDS | changes, video_0=b"first", video_1=b"second")
    assert (told.status_code, told.json()["code"]) == (422, code)
    assert keys(there) == []
    assert there.ledger.jobs("team").jobs == []


def test_videos_have_no_gaps(there: World, editor: Caller):
    told = post(editor, video_0=b"first", video_2=b"third")
    assert told.status_code == 422
    assert keys(there) == []


@pytest.mark.parametrize("cut", [1, 40, 300])
def test_a_form_that_ends_too_early_leaves_nothing(there: World, editor: Caller, cut: int):
    form = httpx.Request("POST", "http://here", data=FIELDS, files={"video_0": ("a.mp4", bytes(500), "video/mp4")})
    kind = {"Content-Type": form.headers["content-type"]}
    told = editor.post("/api/export/multi-clip", content=form.read()[: -cut - 6], headers=kind)
    assert told.status_code == 422
    assert keys(there) == []


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data", "multipart/form-data; boundary="])
def test_what_is_no_form_is_refused(editor: Caller, kind: str):
    told = editor.post("/api/export/multi-clip", content=b"{}", headers={"Content-Type": kind})
    assert told.status_code in {415, 422}


def test_a_video_that_is_too_large_is_refused_while_it_comes(make_world, calling):
    there = make_world(input_bytes=1000)
    editor = calling(there)
    editor.headers = there.headers()
    told = post(editor, video_0=bytes(1001))
    assert (told.status_code, told.json()["code"]) == (413, "limit_exceeded")
    assert keys(there) == []


def test_fields_of_a_form_are_bounded(make_world, calling):
    there = make_world(body_bytes=1000)
    editor = calling(there)
    editor.headers = there.headers()
    told = post(editor, FIELDS | {"project_name": "x" * 1001})
    assert (told.status_code, told.json()["code"]) == (413, "body_too_large")


def test_an_export_id_stands_for_one_export(there: World, editor: Caller):
    asked = {"export_id": "exp-1", "input_key": "a.mp4", "crop_keyframes": []}
    assert [editor.post("/api/export/framing", json=asked).status_code for _ in range(2)] == [202, 202]
    assert len(there.ledger.jobs("team").jobs) == 1
    other = editor.post("/api/export/framing", json=asked | {"input_key": "b.mp4"})
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    again = post(editor, video_0=b"first", video_1=b"second")
    assert again.status_code == 409
    assert keys(there) == []


@pytest.mark.parametrize(
    ("kind", "function", "params"),
    [
        ("framing", "process_framing", {"output_width": 540, "output_height": 960}),
        ("overlay", "render_overlay", {"highlight_regions": []}),
        ("annotate", "extract_clips", {"clips": [{"start_time": 1, "end_time": 2}]}),
    ],
)
def test_one_video_is_exported_by_json(there: World, editor: Caller, kind: str, function: str, params):
    body = {"export_id": "exp-1", "input_video_key": "raw/a.mp4", "params": params}
    told = editor.post(f"/api/export/{kind}", json=body)
    assert told.json() == {"status": "accepted", "export_id": "exp-1"}, told.text
    job = job_of(there)
    assert (job.function, job.request["input_video_key"]) == (function, "raw/a.mp4")
    assert job.request["output_key"] == "output/exp-1/video.mp4"


def test_an_export_without_a_name_gets_one(there: World, editor: Caller):
    told = editor.post("/api/export/framing", json={"input_key": "a.mp4", "output_key": "out/b.mp4"}).json()
    assert told["export_id"] == job_of(there).labels["export_id"]
    assert job_of(there).request["output_key"] == "out/b.mp4"


@pytest.mark.parametrize("body", [{}, {"input_key": "a.mp4", "colour": 1}, {"input_key": "a.mp4", "params": 1}])
def test_json_that_cannot_be_meant_is_refused(there: World, editor: Caller, body):
    assert editor.post("/api/export/framing", json=body).status_code == 422
    assert there.ledger.jobs("team").jobs == []


def test_an_unknown_kind_of_export_is_refused(editor: Caller):
    assert editor.post("/api/export/colouring", json={"input_key": "a.mp4"}).status_code == 422


def test_the_status_of_a_failed_export_says_why(there: World):
    there.submit()
    shown = ExportStatus.of(Worker(there.ledger).fail(EncoderFailedError("the encoder died")))
    assert (shown.status, shown.done) == ("error", True)
    assert "the encoder died" in str(shown.error)


@contextmanager
def rendering(folder: Path) -> Iterator[str]:
    """The URL of a whole service with an empty store in this folder."""
    command = [sys.executable, "-m", "tests.api.rendering", str(folder)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=Path(__file__).parents[2], env=os.environ
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline().strip()
        assert line, (folder / "log").read_text()
        yield line
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def test_a_form_is_rendered_and_its_progress_told_until_the_reel_is_there(tmp_path: Path):
    video = make_video(tmp_path / "a.mp4", Recipe(rate=Fraction(25), size=(128, 72), frames=25)).read_bytes()
    data = CLIPS | {"output_width": 64, "output_height": 64, "transition": {"type": "cut"}}
    fields = FIELDS | {"multi_clip_data_json": json.dumps(data), "target_fps": "25"}
    with rendering(tmp_path) as url, httpx.Client(base_url=url, timeout=60) as editor:
        files = {name: (f"{name}.mp4", video, "video/mp4") for name in ("video_0", "video_1")}
        assert editor.post("/api/export/multi-clip", data=fields, files=files).status_code == 202
        with connect(url.replace("http", "ws") + "/ws/export/exp-1") as socket:
            told = [json.loads(message) for message in socket]
        assert set(told[0]) == {"progress", "message", "status", "phase", "done", "error"}
        assert [each["progress"] for each in told] == sorted(each["progress"] for each in told)
        assert told[-1] == {
            "progress": 100.0, "message": "complete", "status": "complete", "phase": "complete", "done": True, "error": None,
        }  # fmt: skip
        assert sum(each["done"] for each in told) == 1
        reel = editor.get("/v1/media/probe?key=output/exp-1/video.mp4").json()
        assert (reel["video"]["frames"], reel["video"]["width"]) == (50, 64)
        with connect(url.replace("http", "ws") + "/ws/export/exp-1") as socket:
            assert json.loads(socket.recv())["status"] == "complete"
    assert not list((tmp_path / "store" / "local").glob("temp/frm_*/source_*"))


def test_an_export_that_is_not_there_has_no_progress(tmp_path: Path):
    with rendering(tmp_path) as url, pytest.raises(InvalidStatus) as refused:
        connect(url.replace("http", "ws") + "/ws/export/nothing")
    assert refused.value.response.status_code == 404
