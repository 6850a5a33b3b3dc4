import json
from pathlib import Path

import pytest
from tests.captioned_clip import CAPTIONS, captioned_clip
from tests.cli.shell import clipmill

from clipmill.cli.exit_codes import ExitCode
from clipmill.engines.caption_databases.captions import edited_captions, read_captions
from clipmill.media.captions.keys import VideoKeys

KEYS = VideoKeys("local", "match")
BAND = ("--region", "0.05,0.8,0.95,0.98", "--set", "model=strokes")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return captioned_clip(tmp_path_factory.mktemp("captioned") / "match.mp4")


def test_the_captions_of_a_video_are_found_timed_and_read(video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CLIPMILL_SCRATCH", str(scratch := tmp_path / "scratch"))
    scratch.mkdir()
    outputs = ("-o", tmp_path / "o.srt", "-o", tmp_path / "o.json")
    said = clipmill("captions", video, *outputs, "--set", "layout_rate=0.5", "--json")
    assert said.code == ExitCode.OK, said.stderr
    assert said.json["outputs"] == {"srt": str(tmp_path / "o.srt"), "json": str(tmp_path / "o.json")}
    found = json.loads((tmp_path / "o.json").read_text())["captions"]
    assert [caption["text"] for caption in found] == [text for _, _, text in CAPTIONS]
    for caption, (first, end, _) in zip(found, CAPTIONS, strict=True):
        assert abs(caption["start_frame"] - first) <= 1
        assert abs(caption["end_frame"] - end) <= 1
    assert "The keeper saves it" in (tmp_path / "o.srt").read_text()
    assert list(scratch.iterdir()) == []


def test_what_a_person_confirmed_stays_when_the_captions_are_read_again(video: Path, tmp_path: Path):
    kept, again = tmp_path / "kept", tmp_path / "again.srt"
    assert clipmill("captions", video, *BAND, "-o", tmp_path / "o.srt", "--keep", kept).code == ExitCode.OK
    stored = kept / KEYS.captions
    first, *_ = read_captions(stored).rows
    with edited_captions(stored, tmp_path / "edited.db", 10) as table:
        table.change(first.id, text="Mine, by hand", text_pending=0)
    (tmp_path / "edited.db").replace(stored)
    said = clipmill("captions", video, *BAND, "-o", again, "--keep", kept, "--json")
    assert said.code == ExitCode.OK, said.stderr
    assert said.json["version"] == 2
    assert again.read_text().split("\n")[2] == "Mine, by hand"
    assert read_captions(stored).rows[0].id == first.id


def test_a_video_without_captions_gives_an_empty_file_and_says_so(tmp_path: Path):
    bare = captioned_clip(tmp_path / "bare.mp4", frames=8, captions=())
    said = clipmill("captions", bare)
    assert said.code == ExitCode.OK, said.stderr
    assert (tmp_path / "bare.srt").read_text() == ""
    assert "no_text_found" in said.stderr


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("-o", "o.txt"), "o.txt"),
        (("--region", "0.1,0.8,0.9"), "0.1,0.8,0.9"),
        (("--region", "0.1,0.8,1.9,0.9"), "crop_right"),
        (("--region", "0.1,0.8,0.105,0.9"), "8"),
        (("--engine", "crystal-ball"), "rapidocr"),
        (("--set", "model=guess"), "textchange"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name_and_writes_nothing(
    given: tuple[str, ...], told: str, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (here := tmp_path / "here").mkdir()
    monkeypatch.chdir(here)
    said = clipmill("captions", video, *given)
    assert said.code not in {ExitCode.OK, ExitCode.BUG}
    assert told in said.stderr
    assert "Traceback" not in said.stderr
    assert list(here.iterdir()) == []
    assert not video.with_suffix(".srt").exists()
