"""What files are and what they show, over HTTP."""

import io
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.api.callers import Caller
from tests.api.worlds import World
from tests.jobs.machines import machine
from tests.lent_nursery import Nurseries

from clipmill.api import looking
from clipmill.engines.probe import probe
from clipmill.functions.catalog import CATALOG
from clipmill.functions.preview_frame import preview_frame


@pytest.fixture
def there(make_world: Callable[..., World], nurseries: Nurseries, tmp_path: Path) -> World:
    """A service whose children come from a warm process."""
    return make_world(nursery=nurseries.lend(machine(tmp_path, catalogue=CATALOG)))


@pytest.fixture
def film(there: World, videos: Callable[[str], Path]) -> Path:
    path = videos("cfr_25")
    there.service.store.upload(path, "team/raw/film.mp4")
    return path


def frame(client: Caller, query: str = "", **how):
    return client.get(f"/v1/media/frame?key=raw/film.mp4&t=0.6{query}", **how)


def pixels(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def test_a_probe_tells_what_the_command_line_tells(client: Caller, film: Path):
    told = client.get("/v1/media/probe?key=raw/film.mp4")
    assert (told.status_code, told.json()) == (200, probe(film).to_json())
    assert told.json()["video"]["fps"] == "25/1"


def test_a_frame_is_the_one_that_the_render_code_draws(client: Caller, film: Path, world):
    told = frame(client, "&crop=100,20,200,300&size=120x180")
    request = {
        "input_key": world.put(film),
        "output_key": "frame.png",
        "time": 0.6,
        "fps": "source",
        "crop_keyframes": [{"time": 0, "x": 100, "y": 20, "width": 200, "height": 300}],
        "output_width": 120,
        "output_height": 180,
    }
    preview_frame(request, world)
    assert (told.status_code, told.headers["content-type"]) == (200, "image/png")
    assert told.content == (world.folder / "frame.png").read_bytes()


@pytest.mark.parametrize(
    ("query", "size"), [("", (640, 360)), ("&crop=10,20,99.5,61", (100, 60)), ("&size=64x32", (64, 32))]
)
def test_a_frame_has_the_size_of_what_it_shows(client: Caller, film: Path, query: str, size: tuple[int, int]):
    with Image.open(io.BytesIO(frame(client, query).content)) as picture:
        assert picture.size == size


def test_a_jpeg_shows_the_same_picture(client: Caller, film: Path):
    exact, near = frame(client), frame(client, "&format=jpeg")
    assert near.headers["content-type"] == "image/jpeg"
    assert near.content.startswith(b"\xff\xd8\xff")
    assert np.abs(pixels(exact.content) - pixels(near.content)).mean() < 3


def test_whoever_has_the_picture_is_told_so_without_drawing_it(client: Caller, film: Path, monkeypatch):
    tag = frame(client).headers["etag"]
    monkeypatch.setattr(looking, "perform", None)
    told = frame(client, headers={"If-None-Match": tag})
    assert (told.status_code, told.content, told.headers["etag"]) == (304, b"", tag)


def test_another_file_time_or_form_is_another_picture(there: World, client: Caller, film: Path):
    tags = [frame(client, query).headers["etag"] for query in ("", "&format=jpeg", "&size=64x32")]
    tags.append(client.get("/v1/media/frame?key=raw/film.mp4&t=0.64").headers["etag"])
    there.service.store.delete("team/raw/film.mp4")
    there.service.store.upload(film, "team/raw/film.mp4")
    tags.append(frame(client).headers["etag"])
    assert len(set(tags)) == len(tags)


def test_looking_leaves_nothing_in_the_store(there: World, client: Caller, film: Path):
    frame(client)
    client.get("/v1/media/probe?key=raw/film.mp4")
    assert [info.key for info in there.service.store.list("")] == ["team/raw/film.mp4"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("&t=99", "empty_range"),
        ("&crop=1,2,3", "invalid_request"),
        ("&crop=0,0,0,100&size=64x64", "invalid_keyframe"),
        ("&size=63x64", "invalid_size"),
        ("&size=64", "invalid_request"),
        ("&format=gif", "invalid_request"),
        ("&t=nan", "invalid_request"),
        ("&colour=red", "invalid_request"),
    ],
)
def test_a_frame_that_cannot_be_is_refused(client: Caller, film: Path, query: str, code: str):
    told = client.get("/v1/media/frame?key=raw/film.mp4" + query)
    assert (told.status_code, told.json()["code"]) == (422, code)


@pytest.mark.parametrize("route", ["probe", "frame"])
def test_what_is_no_video_is_told_so(there: World, client: Caller, route: str):
    there.service.store.put_bytes("team/raw/text.mp4", b"no video at all")
    told = client.get(f"/v1/media/{route}?key=raw/text.mp4")
    assert (told.status_code, told.json()["code"]) == (422, "invalid_media")


@pytest.mark.parametrize("route", ["probe", "frame"])
def test_what_is_not_there_is_404_and_costs_no_child(client: Caller, route: str, monkeypatch):
    monkeypatch.setattr(looking, "_bounded", None)
    assert client.get(f"/v1/media/{route}?key=raw/nothing.mp4").status_code == 404


def test_a_file_that_takes_too_long_is_given_up(make_world, calling, videos):
    there = make_world(plan_s=1e-6)
    there.service.store.upload(videos("cfr_25"), "team/raw/film.mp4")
    client = calling(there)
    client.headers = there.headers()
    told = client.get("/v1/media/probe?key=raw/film.mp4")
    assert (told.status_code, told.json()["code"]) == (504, "timeout")


def test_only_a_few_look_at_a_time_and_a_few_wait(client: Caller, film: Path, monkeypatch):
    monkeypatch.setattr("clipmill.api.traffic.MOST_LOOKS_WAITING", 0)
    told = client.get("/v1/media/probe?key=raw/film.mp4")
    assert (told.status_code, told.json()["code"]) == (429, "rate_limited")


def test_two_looks_at_a_time_are_the_most(client: Caller, film: Path, monkeypatch):
    at_once: list[int] = []
    running = threading.Semaphore(100)
    plan = looking.plan

    def counted(*given, **how):
        with running:
            at_once.append(100 - running._value)
            return plan(*given, **how)

    monkeypatch.setattr(looking, "plan", counted)
    callers = [threading.Thread(target=client.get, args=("/v1/media/probe?key=raw/film.mp4",)) for _ in range(5)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(at_once) == 5
    assert max(at_once) <= 2
