import json
from pathlib import Path

import pytest
from tests.cli.reels import FRAMES, reel, source
from tests.cli.shell import clipmill, request_file
from tests.jobs.machines import nothing_left
from tests.workflows.clips import seen


def videos(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*.mp4")}


def test_clips_beside_the_file_become_one_video_beside_it(tmp_path: Path):
    said = clipmill("reel", reel(tmp_path / "home"))
    assert said.code == 0
    assert said.stdout == f"{tmp_path / 'home/reel.mp4'}\n"
    assert seen(tmp_path / "home/reel.mp4") == [*range(FRAMES), *range(100, 100 + FRAMES)]
    assert nothing_left(tmp_path)


def test_people_read_what_was_rendered_and_copied(tmp_path: Path):
    said = clipmill("reel", reel(tmp_path, transition={"type": "dissolve", "duration": 0.5}))
    assert f"{2 * FRAMES - 15} frames, 90x160 at 30" in said.stderr
    assert "2 rendered, 0 from the cache" in said.stderr
    assert "2 s copied, 0.5 s encoded" in said.stderr
    assert "chapter 2: 1 s  Second" in said.stderr


def test_the_result_names_the_local_file(tmp_path: Path):
    found = clipmill("reel", reel(tmp_path), "--json").json
    assert found["output"] == str(tmp_path / "reel.mp4")
    assert "output_key" not in found
    assert found["cache"] == {"hits": 0, "misses": 2}


def test_a_clip_that_has_not_changed_is_not_rendered_again(tmp_path: Path):
    clipmill("reel", reel(tmp_path))
    said = clipmill("reel", reel(tmp_path), "--set", "clips.1.rotation=2", "--json")
    assert said.json["cache"] == {"hits": 1, "misses": 1}


def test_the_file_names_its_output(tmp_path: Path):
    assert clipmill("reel", reel(tmp_path, output_key="out/best.mp4")).code == 0
    assert (tmp_path / "out/best.mp4").exists()


def test_the_command_names_another_output(tmp_path: Path):
    assert clipmill("reel", reel(tmp_path, output_key="out/best.mp4"), "-o", "mine.mp4").code == 0
    assert (tmp_path / "home/mine.mp4").exists()
    assert not (tmp_path / "out").exists()


def test_sources_may_be_listed_and_spelt_as_editors_do(tmp_path: Path):
    footage = tmp_path / "elsewhere"
    footage.mkdir()
    source(footage, "a.mp4", frames=10)
    clips = [{"clipIndex": 0}, {"clipIndex": 1, "sourceKey": "b.mp4"}]
    source(tmp_path, "b.mp4", 100, frames=10)
    written = request_file(
        tmp_path, {"clips": clips, "sourceKeys": [str(footage / "a.mp4")], "outputKey": "x.mp4", "quality": "draft"}
    )
    assert clipmill("reel", written, "--set", "output_width=90", "--set", "output_height=160").code == 0
    assert seen(tmp_path / "x.mp4") == [*range(10), *range(100, 110)]


def test_an_output_over_a_source_is_refused(tmp_path: Path):
    written = reel(tmp_path)
    before = (tmp_path / "footage/a.mp4").read_bytes()
    said = clipmill("reel", written, "-o", tmp_path / "footage/a.mp4", "--json")
    assert (said.code, said.json["code"]) == (3, "invalid_request")
    assert (tmp_path / "footage/a.mp4").read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "code", "number"),
    [
        ({"clips": []}, "no_clips", 3),
        ({"clips": [{"source_key": "footage/none.mp4"}]}, "source_missing", 4),
        ({"clips": [{"source_key": "footage/text.mp4"}]}, "invalid_media", 3),
        ({"clips": [{"source_key": 7}]}, "invalid_request", 3),
        ({"clips": [{"source_key": "footage/a.mp4", "source_start_time": 60}]}, "empty_range", 3),
        (
            {"clips": [{"source_key": "footage/a.mp4", "segments": [{"start": 0, "end": 1, "speed": 0}]}]},
            "invalid_segments",
            3,
        ),
        ({"transition": {"type": "dissolve", "duration": 9}}, "transition_too_long", 3),
        ({"transition": {"type": "wipe"}}, "unknown_transition", 3),
        ({"output_width": 91}, "invalid_size", 3),
        ({"output_widht": 90}, "invalid_request", 3),
    ],
)
def test_bad_input_is_a_typed_error_and_writes_nothing(tmp_path: Path, changes: dict, code: str, number: int):
    written = reel(tmp_path, **changes)
    (tmp_path / "footage/text.mp4").write_text("no video at all " * 100)
    before = videos(tmp_path)
    said = clipmill("reel", written, "--json")
    assert (said.code, said.json["code"]) == (number, code)
    assert videos(tmp_path) == before
    assert nothing_left(tmp_path)


def test_a_failure_names_its_clip(tmp_path: Path):
    clips = [{"name": "Good", "source_key": "footage/a.mp4"}, {"name": "Gone", "source_key": "footage/none.mp4"}]
    said = clipmill("reel", reel(tmp_path, clips=clips), "--json")
    assert said.json["details"] == {"clip_index": 1, "name": "Gone"}


def test_a_file_that_is_no_json_is_told_with_its_place(tmp_path: Path):
    said = clipmill("reel", request_file(tmp_path, '{"clips": [}'))
    assert said.code == 3
    assert "line 1, column 12" in said.stderr


def test_a_file_that_is_not_there_ends_with_4():
    assert clipmill("reel", "none.json").code == 4


def test_a_target_that_cannot_be_written_is_told_and_leaves_nothing(tmp_path: Path):
    (tmp_path / "occupied").write_text("a file, no folder")
    said = clipmill("reel", reel(tmp_path), "-o", tmp_path / "occupied/reel.mp4", "--json")
    assert (said.code, said.json["code"]) == (4, "access_denied")
    assert str(tmp_path / "occupied") in said.json["error"]
    assert nothing_left(tmp_path)


def test_an_old_reel_stays_when_the_new_one_fails(tmp_path: Path):
    (tmp_path / "reel.mp4").write_text("the old reel")
    assert clipmill("reel", reel(tmp_path, transition={"type": "wipe"})).code == 3
    assert (tmp_path / "reel.mp4").read_text() == "the old reel"


def test_progress_runs_from_nothing_to_all(tmp_path: Path):
    events = clipmill("reel", reel(tmp_path), "--progress", "json").lines
    shares = [event["progress"] for event in events]
    assert shares == sorted(shares)
    assert shares[-1] == 100
    assert json.dumps(events)
