import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.recorders import CATALOGUE
from tests.cli.reels import source
from tests.cli.shell import Said, clipmill
from tests.media_factory import frame_numbers

HEADER = "start_time\trating\ttags\tclip_name\tclip_duration\tnotes"
ROWS = ("0:00\t4\tPass,Goal\t\t0.5\t", "0:00.5\t1\t\tCorner\t0.25\tleft side")


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return source(tmp_path, "match.mp4")


def table(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "moments.tsv"
    path.write_text("".join(line + "\n" for line in (header, *rows)))
    return path


def asked(*arguments: object) -> tuple[Said, dict[str, Any]]:
    """What a command said, and the request that it sent."""
    said = clipmill("clips", *arguments, "--json", catalogue=CATALOGUE)
    found = said.json
    written = found.get("output") or found["clips"][0]["output"]
    return said, json.loads(Path(written).read_text())


# What is asked for


def test_every_row_of_the_table_is_asked_for(tmp_path: Path):
    _, request = asked(tmp_path / "match.mp4", table(tmp_path, *ROWS), "-o", tmp_path / "out")
    assert request["clips"] == [
        {
            "start_time": 0.0,
            "end_time": 0.5,
            "name": "",
            "notes": "",
            "rating": 4,
            "tags": ["Pass", "Goal"],
            "video_sequence": None,
        },
        {
            "start_time": 0.5,
            "end_time": 0.75,
            "name": "Corner",
            "notes": "left side",
            "rating": 1,
            "tags": [],
            "video_sequence": None,
        },
    ]
    assert request["input_key"] == f"files{tmp_path}/match.mp4"
    assert (request["outputs"], request["output_prefix"]) == (["clips"], f"files{tmp_path}/out")
    assert (request["banner"], request["on_error"], request["transition"]["type"]) == (True, "fail", "cut")


def test_a_compilation_alone_needs_no_folder(tmp_path: Path):
    said, request = asked("match.mp4", table(tmp_path, *ROWS), "--compilation", tmp_path / "all.mp4")
    assert (request["outputs"], request["output_key"]) == (["compilation"], f"files{tmp_path}/all.mp4")
    assert said.json["output"] == str(tmp_path / "all.mp4")


def test_options_reach_the_request(tmp_path: Path):
    given = ("--no-banner", "--transition", "fade", "--duration", "0.25", "--on-error", "skip", "--set", "fps=25")
    both = ("-o", tmp_path / "out", "--compilation", tmp_path / "all.mp4")
    _, request = asked("match.mp4", table(tmp_path, *ROWS), *both, *given)
    assert request["outputs"] == ["clips", "compilation"]
    assert (request["banner"], request["on_error"], request["fps"]) == (False, "skip", 25)
    assert request["transition"] == {"type": "fade", "duration": 0.25}


def test_several_videos_are_numbered_from_1(tmp_path: Path):
    rows = [row + "\t2" for row in ROWS]
    moments = table(tmp_path, *rows, header=HEADER + "\tvideo_sequence")
    _, request = asked(tmp_path / "a.mp4", tmp_path / "b.mp4", moments, "-o", tmp_path / "out")
    assert request["input_keys"] == {"1": f"files{tmp_path}/a.mp4", "2": f"files{tmp_path}/b.mp4"}
    assert [clip["video_sequence"] for clip in request["clips"]] == [2, 2]


def test_the_folder_may_be_the_one_we_are_in(tmp_path: Path, at_home: Path):
    said, _ = asked("match.mp4", table(tmp_path, *ROWS), "-o", ".")
    assert [clip["output"] for clip in said.json["clips"]] == [f"{at_home}/clip_001.mp4", f"{at_home}/clip_002.mp4"]


def test_the_table_may_come_from_stdin(tmp_path: Path):
    said = clipmill(
        "clips", "match.mp4", "-", "-o", tmp_path / "out", catalogue=CATALOGUE, stdin=f"{HEADER}\n{ROWS[0]}\n"
    )
    assert said.stdout == f"{tmp_path / 'out'}/clip_001.mp4\n"


def test_every_written_file_is_a_line_of_the_answer(tmp_path: Path):
    given = ("-o", tmp_path / "out", "--compilation", tmp_path / "all.mp4")
    said = clipmill("clips", "match.mp4", table(tmp_path, *ROWS), *given, catalogue=CATALOGUE)
    assert said.code == 0
    names = ["out/clip_001.mp4", "out/clip_002.mp4", "all.mp4"]
    assert said.stdout.splitlines() == [str(tmp_path / name) for name in names]


def test_a_clip_that_was_skipped_is_told_and_no_full_success(tmp_path: Path):
    moments = table(tmp_path, ROWS[0], "0:01\t3\t\tbad\t0.5\t")
    given = ("-o", tmp_path / "out", "--on-error", "skip")
    said = clipmill("clips", "match.mp4", moments, *given, catalogue=CATALOGUE)
    assert said.code == 5
    assert said.stdout == f"{tmp_path / 'out'}/clip_001.mp4\n"
    assert "warning clip_failed: it is bad" in said.stderr


# What is refused


def test_a_bad_table_tells_every_bad_line_and_writes_nothing(tmp_path: Path, video: Path):
    moments = table(tmp_path, *ROWS, "0:60\t9\t\t\t0.5\t", *ROWS, "one cell")
    said = clipmill("clips", video, moments, "-o", tmp_path / "out", "--quiet")
    assert said.code == 3
    told = [line.removeprefix(str(moments)) for line in said.stderr.splitlines()]
    assert [line.rpartition(": ")[0] for line in told[1:]] == [":4: start_time", ":4: rating", ":7"]
    assert not (tmp_path / "out").exists()


def test_a_bad_table_is_told_as_json_too(tmp_path: Path, video: Path):
    said = clipmill("clips", video, table(tmp_path, "0:60\t9\t\t\t0.5\t"), "-o", tmp_path / "out", "--json")
    assert said.json["code"] == "invalid_annotation"
    assert [fault["column"] for fault in said.json["details"]["faults"]] == ["start_time", "rating"]


def test_a_table_that_is_no_utf_8_is_rejected(tmp_path: Path, video: Path):
    moments = tmp_path / "moments.tsv"
    moments.write_bytes(f"{HEADER}\n{ROWS[0]}caf\xe9\n".encode("latin-1"))
    said = clipmill("clips", video, moments, "-o", tmp_path / "out")
    assert said.code == 3
    assert f"{moments}:2: expected UTF-8" in said.stderr


def test_a_table_that_is_not_there_ends_with_4(tmp_path: Path, video: Path):
    said = clipmill("clips", video, tmp_path / "none.tsv", "-o", tmp_path / "out")
    assert said.code == 4
    assert "none.tsv" in said.stderr


def test_nothing_to_write_no_table_and_no_video_are_usage_errors(tmp_path: Path, video: Path):
    assert clipmill("clips", video, table(tmp_path, *ROWS)).code == 2
    assert clipmill("clips", video, "-o", tmp_path / "out").code == 2
    assert clipmill("clips").code == 2


@pytest.mark.parametrize("name", ["clip_002.mp4", "moments.tsv"])
def test_an_output_over_what_is_read_is_refused(tmp_path: Path, name: str):
    moments = table(tmp_path, *ROWS)
    given = ("-o", tmp_path) if name.startswith("clip") else ("--compilation", tmp_path / "sub/.." / name)
    said = clipmill("clips", tmp_path / "clip_002.mp4", moments, *given)
    assert said.code == 3
    assert f"{name} would be written over" in said.stderr
    assert moments.read_text().startswith(HEADER)


# What is cut


def test_the_moments_of_a_table_are_cut_out(tmp_path: Path, video: Path):
    said = clipmill("clips", video, table(tmp_path, *ROWS), "-o", tmp_path / "out")
    first, second = (Path(line) for line in said.stdout.splitlines())
    assert frame_numbers(first) == list(range(15))
    assert frame_numbers(second) == list(range(15, 23))


def test_a_table_without_rows_is_rejected(tmp_path: Path, video: Path):
    said = clipmill("clips", video, table(tmp_path), "-o", tmp_path / "out", "--json")
    assert (said.code, said.json["code"]) == (3, "no_clips")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("--transition", "wipe"), "unknown_transition"),
        (("--on-error", "ignore"), "invalid_request"),
        (("--duration", "nan"), "invalid_request"),
    ],
)
def test_a_choice_that_is_none_is_rejected(tmp_path: Path, video: Path, given: tuple[str, ...], code: str):
    both = ("-o", tmp_path / "out", "--compilation", tmp_path / "all.mp4")
    said = clipmill("clips", video, table(tmp_path, *ROWS), *both, "--json", *given)
    assert (said.code, said.json["code"]) == (3, code)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "all.mp4").exists()
