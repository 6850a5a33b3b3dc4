"""One pass from the video to the files, with a pair model and a reader that go by brightness."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.contexts import FolderContext
from tests.functions.captions.readers import BRIGHT, CLIENT, Brightness, objects, request, video

from clipmill.engines.ocr.engine import Page, Rgb
from clipmill.engines.ocr.pages import OcrFailure, OcrLine, OcrPage, box_around
from clipmill.functions import caption_band
from clipmill.functions import transcribe_captions as module
from clipmill.functions.transcribe_captions import TranscribeResult, plan, transcribe_captions


class Photometer:
    """Reads how bright a picture is."""

    name, version, languages = "photometer", "1", frozenset[str]()
    max_pixels, max_bytes, batch_size = 10**9, 0, 2

    def __init__(self, *, blind: bool = False) -> None:
        self._blind = blind

    def recognize(self, images: Sequence[Rgb], languages: Sequence[str]) -> list[Page]:
        del languages
        return [
            OcrFailure("ocr_failed", "too dark") if self._blind else _page(f"{image.mean():.1f}") for image in images
        ]

    def close(self) -> None:
        pass


def _page(text: str) -> OcrPage:
    box = box_around([(1.0, 1.0), (9.0, 1.0), (9.0, 9.0), (1.0, 9.0)], 10, 10)
    assert box
    return OcrPage((OcrLine(text=text, confidence=0.75, box=box),))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderContext:
    use(monkeypatch, Photometer())
    monkeypatch.setattr(caption_band, "pair_model", lambda name, threads, **_: Brightness())
    return FolderContext(tmp_path)


def use(monkeypatch: pytest.MonkeyPatch, engine: Photometer) -> None:
    monkeypatch.setattr(module, "chosen_engine", lambda *_: engine)


def run(world: FolderContext, key: str, **more: object) -> TranscribeResult:
    asked = {name: value for name, value in request(key).items() if name != "hwaccel"}
    result = transcribe_captions({**asked, "formats": ["json"], **more}, world)
    assert isinstance(result, TranscribeResult)
    return result


def written(world: FolderContext) -> list[tuple[int, int, str | None]]:
    found = json.loads((world.folder / CLIENT / "captions.json").read_text())["captions"]
    return [(one["start_frame"], one["end_frame"], one["text"]) for one in found]


def test_the_captions_are_timed_and_read_and_nothing_but_their_files_is_stored(world: FolderContext):
    result = run(world, video(world), formats=["json", "srt"])
    ((start, end, text),) = written(world)
    assert (start, end) == (BRIGHT.start, BRIGHT.stop)
    assert float(text or 0) > 180
    assert (result.captions, result.written, result.unread, result.frame_count) == (1, 1, [], 20)
    assert objects(world) == {f"{CLIENT}captions.json", f"{CLIENT}captions.srt"}
    assert result.outputs["srt"] == f"team/{CLIENT}captions.srt"


def test_captions_are_the_same_when_their_frames_are_not_held_and_must_be_decoded_again(
    world: FolderContext, monkeypatch: pytest.MonkeyPatch
):
    flashes = (*range(5, 60), *range(70, 90))
    key = video(world, frames=100, flashes=flashes)
    run(world, key)
    held = written(world)
    monkeypatch.setattr(module, "FRAMES_HELD", 1)
    run(world, key)
    assert written(world) == held
    assert [(start, end) for start, end, _ in held] == [(5, 60), (70, 90)]


def test_a_caption_that_was_told_too_early_is_read_again_as_the_whole_video_has_it(
    world: FolderContext, monkeypatch: pytest.MonkeyPatch
):
    class Hasty(module.Endings):
        def told(self, forward, backward):
            yield from super().told(forward, backward)
            yield (2, 7)

    monkeypatch.setattr(module, "Endings", Hasty)
    run(world, video(world))
    assert [(start, end) for start, end, _ in written(world)] == [(BRIGHT.start, BRIGHT.stop)]


def test_a_caption_that_cannot_be_read_is_named_and_keeps_its_times(
    world: FolderContext, monkeypatch: pytest.MonkeyPatch
):
    use(monkeypatch, Photometer(blind=True))
    result = run(world, video(world))
    assert (result.captions, result.written, len(result.unread)) == (1, 0, 1)
    assert written(world) == [(BRIGHT.start, BRIGHT.stop, None)]


def test_captions_shorter_than_wanted_are_left_out(world: FolderContext):
    assert run(world, video(world), min_caption_frames=8).captions == 0
    assert written(world) == []


def test_a_plan_names_the_files_and_makes_none(world: FolderContext):
    asked = transcribe_captions.parse(
        {name: value for name, value in request(video(world)).items() if name != "hwaccel"}
    )
    planned = plan(asked, world)
    assert (planned["frame_count"], planned["outputs"]) == (20, {"srt": f"team/{CLIENT}captions.srt"})
    assert objects(world) == set()
