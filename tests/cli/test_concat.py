from pathlib import Path

import pytest
from tests.cli.reels import FRAMES, source
from tests.cli.shell import clipmill
from tests.media_factory import frame_numbers


@pytest.fixture
def clips(tmp_path: Path) -> list[Path]:
    return [source(tmp_path, "Corner no. 1.mp4"), source(tmp_path, "b.mp4", 100)]


def test_clips_are_joined_in_the_order_given(tmp_path: Path, clips: list[Path]):
    said = clipmill("concat", clips[1], clips[0], "-o", tmp_path / "out.mp4")
    assert said.stdout == f"{tmp_path / 'out.mp4'}\n"
    assert frame_numbers(tmp_path / "out.mp4") == [*range(100, 100 + FRAMES), *range(FRAMES)]


def test_a_dissolve_shortens_the_whole(tmp_path: Path, clips: list[Path]):
    asked = ("--transition", "dissolve", "--duration", "0.4", "--json")
    found = clipmill("concat", *clips, "-o", tmp_path / "out.mp4", *asked).json
    assert found["frames"] == 2 * FRAMES - 12


def test_chapters_are_named_by_titles_and_else_by_files(tmp_path: Path, clips: list[Path]):
    given = clipmill("concat", *clips, "-o", tmp_path / "out.mp4", "--title", "Kick-off", "--json").json
    assert [mark["title"] for mark in given["chapters"]] == ["Kick-off", "b"]
    named = clipmill("concat", *clips, "-o", tmp_path / "out.mp4", "--json").json
    assert [mark["title"] for mark in named["chapters"]] == ["Corner no. 1", "b"]


def test_any_field_of_the_request_can_be_set(tmp_path: Path, clips: list[Path]):
    asked = ("--set", "output_width=160", "--set", "output_height=90", "--set", "include_audio=false", "--json")
    found = clipmill("concat", *clips, "-o", tmp_path / "out.mp4", *asked).json
    assert (found["width"], found["height"], found["audio"]) == (160, 90, "none")


def test_an_output_over_a_clip_is_refused(tmp_path: Path, clips: list[Path]):
    before = clips[0].read_bytes()
    said = clipmill("concat", *clips, "-o", tmp_path / "sub/.." / clips[0].name)
    assert said.code == 3
    assert clips[0].read_bytes() == before


def test_more_titles_than_clips_are_a_usage_error(tmp_path: Path, clips: list[Path]):
    assert clipmill("concat", clips[0], "-o", tmp_path / "o.mp4", "--title", "a", "--title", "b").code == 2


def test_no_clip_and_no_output_are_usage_errors(tmp_path: Path, clips: list[Path]):
    assert clipmill("concat", "-o", tmp_path / "out.mp4").code == 2
    assert clipmill("concat", *clips).code == 2


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (("--transition", "wipe"), "unknown_transition"),
        (("--transition", "dissolve", "--duration", "5"), "transition_too_long"),
        (("--duration", "nan"), "invalid_request"),
        (("--duration", "11"), "invalid_request"),
    ],
)
def test_a_transition_that_cannot_be_is_rejected(tmp_path: Path, clips: list[Path], asked: tuple[str, ...], code: str):
    said = clipmill("concat", *clips, "-o", tmp_path / "out.mp4", "--json", *asked)
    assert (said.code, said.json["code"]) == (3, code)
    assert not (tmp_path / "out.mp4").exists()


def test_a_clip_that_is_not_there_ends_with_4(tmp_path: Path, clips: list[Path]):
    said = clipmill("concat", clips[0], tmp_path / "none.mp4", "-o", tmp_path / "out.mp4")
    assert said.code == 4
    assert "none.mp4" in said.stderr


def test_nothing_is_left_of_a_join_but_its_output(tmp_path: Path, clips: list[Path]):
    clipmill("concat", *clips, "-o", tmp_path / "out.mp4")
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert not list((tmp_path / "scratch").iterdir())
