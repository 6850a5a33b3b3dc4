from pathlib import Path

from tests.cli.reels import FRAMES, reel, source
from tests.cli.shell import clipmill, request_file


def test_the_plan_of_a_reel_tells_every_clip(tmp_path: Path):
    said = clipmill("plan", reel(tmp_path, transition={"type": "dissolve", "duration": 0.5}))
    assert said.code == 0
    for words in (
        "First",
        "Second",
        f"{FRAMES} frames",
        f"{2 * FRAMES - 15} frames, 90x160",
        "15 frames are drawn from two",
    ):
        assert words in said.stdout


def test_the_plan_is_what_the_reel_becomes(tmp_path: Path):
    written = reel(tmp_path, transition={"type": "dissolve", "duration": 0.5})
    planned = clipmill("plan", written, "--json").json
    made = clipmill("reel", written, "--json").json
    assert (planned["frames"], planned["clip_starts"]) == (made["frames"], made["clip_starts"])


def test_a_plan_writes_nothing(tmp_path: Path):
    clipmill("plan", reel(tmp_path))
    assert not (tmp_path / "reel.mp4").exists()
    assert not (tmp_path / "store").exists()


def test_a_plan_says_how_long_it_may_take_and_what_that_costs_where(tmp_path: Path):
    written = reel(tmp_path)
    estimate = clipmill("plan", written, "--json").json["estimate"]
    assert estimate["is_estimate"] is True
    assert set(estimate["cost_usd"]) == {"local", "modal", "runpod", "prefect"}
    assert (
        f"estimate: {estimate['seconds']:g} s of work on one machine; local nothing" in clipmill("plan", written).stdout
    )


def test_a_setting_changes_the_plan(tmp_path: Path):
    assert clipmill("plan", reel(tmp_path), "--set", "fps=15", "--json").json["fps"] == "15"


def test_the_plan_of_a_function_reads_keys_of_the_store(tmp_path: Path):
    (tmp_path / "store/raw").mkdir(parents=True)
    source(tmp_path / "store/raw", "a.mp4")
    request = request_file(tmp_path, {"input_key": "raw/a.mp4", "output_key": "b.mp4", "source_end_time": 1})
    said = clipmill("plan", "process_framing", "--request", request, "--json")
    assert said.json["frames"] == 30
    assert not (tmp_path / "store/b.mp4").exists()


def test_the_workflow_is_planned_by_name_too(tmp_path: Path):
    (tmp_path / "store").mkdir()
    source(tmp_path / "store", "a.mp4")
    request = request_file(tmp_path, {"clips": [{"source_key": "a.mp4"}], "output_key": "b.mp4"})
    assert clipmill("plan", "export_multi_clip", "--request", request, "--json").json["frames"] == FRAMES


def test_a_fault_in_a_clip_is_found_without_rendering(tmp_path: Path):
    said = clipmill("plan", reel(tmp_path), "--set", "clips.1.source_start_time=60", "--json")
    assert (said.code, said.json["code"]) == (3, "empty_range")
    assert said.json["details"]["name"] == "Second"


def test_what_is_neither_a_file_nor_a_function_is_told():
    assert clipmill("plan", "none.json").code == 4
    assert clipmill("plan", "none").code == 3
