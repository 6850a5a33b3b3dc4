import os
from fractions import Fraction
from pathlib import Path

import pytest
from tests.cli.shell import clipmill
from tests.media_factory import Recipe, make_video


def test_people_read_what_a_file_is(tmp_path: Path):
    video = make_video(tmp_path / "a.mp4", Recipe(size=(320, 180), rate=Fraction(30000, 1001), frames=30, rotation=90))
    said = clipmill("probe", video)
    assert said.code == 0
    assert said.stderr == ""
    for words in (
        "h264, 180x320 (coded 320x180)",
        "90 degrees",
        "29.97 frames per second (30000/1001)",
        "30 frames",
        "aac",
    ):
        assert words in said.stdout


def test_machines_read_exact_fractions(tmp_path: Path):
    video = make_video(tmp_path / "a.mp4", Recipe(size=(320, 180), rate=Fraction(30000, 1001), frames=30))
    found = clipmill("probe", video, "--json").json
    assert found["video"]["fps"] == "30000/1001"
    assert (found["video"]["width"], found["video"]["height"], found["video"]["frames"]) == (320, 180, 30)
    assert found["size_bytes"] == video.stat().st_size


def test_a_file_without_sound_is_told_without_sound(tmp_path: Path):
    video = make_video(tmp_path / "a.mp4", Recipe(frames=3, sound=None))
    assert "sound" not in clipmill("probe", video).stdout


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("empty.mp4", b"", "invalid_media"),
        ("text.mp4", b"this is a text and no video at all\n" * 50, "invalid_media"),
        ("list.mp4", b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", "invalid_media"),
        ("concat.mp4", b"ffconcat version 1.0\nfile /etc/passwd\n", "invalid_media"),
    ],
)
def test_what_is_no_media_is_rejected(tmp_path: Path, name: str, data: bytes, code: str):
    (tmp_path / name).write_bytes(data)
    said = clipmill("probe", tmp_path / name, "--json")
    assert (said.code, said.json["code"]) == (3, code)


def test_a_file_that_is_not_there_ends_with_4(tmp_path: Path):
    said = clipmill("probe", tmp_path / "none.mp4")
    assert said.code == 4
    assert "none.mp4" in said.stderr


def test_a_folder_is_no_file(tmp_path: Path):
    assert clipmill("probe", tmp_path).code == 4


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_ends_with_4(tmp_path: Path):
    video = make_video(tmp_path / "a.mp4", Recipe(frames=3))
    video.chmod(0)
    assert clipmill("probe", video).code == 4
