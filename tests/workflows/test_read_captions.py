"""Which steps are taken, by what the ones before found."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.jobs.machines import job, machine

from clipmill.function.caption_shapes import FullFramesResult
from clipmill.jobs.job import Job
from clipmill.jobs.outcome import Outcome
from clipmill.workflows.read_captions import read_captions

REGION = {"crop_left": 0.25, "crop_top": 0.8, "crop_right": 0.75, "crop_bottom": 0.9}
ROOMY = REGION | {"crop_left": 0.1, "crop_right": 0.9}
"""With room for lines that no frame showed."""
VIDEO = {"video_key": "team/raw.mp4", "tenant_id": "team", "video_id": "match"}


class Told:
    """Answers every step at once: captions on so many of the frames that are looked at, one after the other."""

    def __init__(self, *in_counts: int) -> None:
        self.asked: list[Job] = []
        self._in_counts = list(in_counts)

    def submit(self, job: Job) -> str:
        self.asked.append(job)
        return job.id

    def events(self, handle: str, after: int = 0) -> Iterator[Outcome]:
        del handle, after
        yield Outcome(result=self._answer(self.asked[-1]))

    def cancel(self, handle: str) -> None:
        raise AssertionError(handle)

    def _answer(self, asked: Job) -> dict[str, Any]:
        match asked.function:
            case "plan_captions":
                plan = {"crop_region": None, "duration": 600.0, "keep_frames": False, "layout_rates": ["1/25", "1/10"]}
                return {"status": "success", "plan": plan}
            case "extract_frames_and_ocr":
                return self._layout(self._in_counts.pop(0))
            case "transcribe_captions":
                told = {"captions": 3, "written": 2, "unread": ["c"], "frame_count": 6000, "frame_rate": 10.0}
                return {"status": "success", **told, "outputs": {}, "warnings": []}
            case other:
                raise AssertionError(other)

    def _layout(self, in_count: int) -> dict[str, Any]:
        layout = {"crop_region": REGION, "anchor_type": "center", "in_count": in_count, "warning": None}
        same = dict.fromkeys(("full_frames_key", "ocr_db_key", "layout_db_key"), "")
        found = FullFramesResult(frame_count=24, duration=600.0, ocr_box_count=24, **same).to_dict()
        return found | {"layout": layout}


@pytest.mark.parametrize(("in_counts", "rates"), [((18,), ["1/25"]), ((5, 9), ["1/25", "1/10"])])
def test_captions_are_looked_for_on_more_frames_where_few_of_them_show_any(
    in_counts: tuple[int, ...], rates: list[str], tmp_path: Path
):
    runner = Told(*in_counts)
    outcome = read_captions(job("read_captions", **VIDEO, keep_frames=False), machine(tmp_path), runner)
    assert outcome.error is None
    looked = [asked.request["frame_rate"] for asked in runner.asked if asked.function == "extract_frames_and_ocr"]
    assert looked == rates


def test_where_nothing_is_kept_one_step_does_all_from_the_band_on(tmp_path: Path):
    runner = Told(20)
    asked = job("read_captions", **VIDEO, keep_frames=False, formats=["vtt"], languages=["en"])
    told = read_captions(asked, machine(tmp_path), runner).value()
    *_, last = runner.asked
    assert last.function == "transcribe_captions"
    assert last.request == {**VIDEO, "formats": ["vtt"], "languages": ["en"], "crop_region": ROOMY}
    assert (told["captions"], told["read"], told["unread"], told["version"]) == (3, 2, ["c"], None)
    assert [warning["code"] for warning in told["warnings"]] == ["captions_unread"]
