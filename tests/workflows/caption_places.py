"""A place for caption flows: a book, objects in a folder, and functions on graphics cards that only say what they were told to."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.contexts import FolderContext
from tests.functions.captions.test_publish_captions import committed
from tests.jobs.caption_book.worlds import World

from clipmill.engines.caption_databases.captions import CaptionRecord, edited_captions, read_captions
from clipmill.errors import ClipmillError
from clipmill.function.caption_shapes import CaptionOcrResult, CropInferResult, FullFramesResult
from clipmill.functions.publish_captions import publish_captions
from clipmill.functions.write_captions import write_captions
from clipmill.jobs.job import Job
from clipmill.jobs.outcome import Outcome
from clipmill.media.captions.keys import VideoKeys, without_tenant
from clipmill.workflows.caption_calls import CROP, EXTRACT, PLAN, READ
from clipmill.workflows.caption_place import FlowPlace

KEYS = VideoKeys("team", "match")
SOURCE = "team/raw.mp4"
REGION = {"crop_left": 0.1, "crop_top": 0.8, "crop_right": 0.9, "crop_bottom": 0.9}

Answer = Callable[[Job], Mapping[str, Any]]


def full_frames(_job: Job) -> Mapping[str, Any]:
    return FullFramesResult(
        frame_count=4,
        duration=35.5,
        ocr_box_count=8,
        full_frames_key=KEYS.full_frames,
        ocr_db_key=KEYS.raw_ocr,
        layout_db_key=KEYS.layout,
        frame_width=1280,
        frame_height=720,
        processing_duration_seconds=36.0,
    ).to_dict()


def text_read(job: Job) -> Mapping[str, Any]:
    return CaptionOcrResult(
        ocr_text=f"text at {job.request['start_frame']}", confidence=0.9, frame_count=5, ocr_engine="told"
    ).to_dict()


class Functions:
    """What a flow calls: the functions that only move rows are the real ones."""

    def __init__(self, folder: Path) -> None:
        self.objects = FolderContext(folder)
        self.calls: list[Job] = []
        self.limits_s: list[int] = []
        self.answers: dict[str, Answer] = {
            EXTRACT: full_frames,
            CROP: self._cropped,
            READ: text_read,
            PLAN: lambda _job: {"status": "success", "plan": {"duration": 3600.0}},
        }
        self._writes = threading.Lock()

    def __call__(self, job: Job, timeout_s: int) -> Outcome:
        self.calls.append(job)
        self.limits_s.append(timeout_s)
        try:
            return Outcome(result=self._answer(job))
        except ClipmillError as error:
            return Outcome(error=error)

    @property
    def called(self) -> list[str]:
        return [job.function for job in self.calls]

    def put(self, *rows: CaptionRecord) -> None:
        """Captions that are there."""
        target = self.objects.new_file("captions.db")
        with edited_captions(None, target, Fraction(10)) as table:
            table.insert(rows)
        self.objects.publish(target, without_tenant(KEYS.captions, "team"))

    def rows(self) -> dict[str, CaptionRecord]:
        stored = self.objects.folder / without_tenant(KEYS.captions, "team")
        return {row.id: row for row in read_captions(stored).rows} if stored.exists() else {}

    def _answer(self, job: Job) -> Mapping[str, Any]:
        if (answer := self.answers.get(job.function)) is not None:
            return answer(job)
        function = {"publish_captions": publish_captions, "write_captions": write_captions}[job.function]
        assert self._writes.acquire(blocking=False), "two write captions.db at once"
        try:
            return function(dict(job.request), self.objects).to_json()
        finally:
            self._writes.release()

    def _cropped(self, _job: Job) -> Mapping[str, Any]:
        committed(self.objects, [(10, 20), (30, 40)])
        return CropInferResult(
            version=1,
            caption_frame_extents_db_key=KEYS.newest_extents,
            cropped_frames_prefix=KEYS.cropped_frames(1).prefix,
            frame_count=100,
            chunk_count=7,
            caption_count=2,
            total_bytes=99,
        ).to_dict()


def place_of(world: World, functions: Functions, **more: Any) -> FlowPlace:
    """A place where a pause takes no time."""
    return replace(FlowPlace(world.book, functions, pause=lambda _seconds: None), **more)
