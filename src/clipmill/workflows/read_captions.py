"""``read_captions``: the captions burnt into a video, found, timed to the frame, read, and written as subtitle files.

Full frames show where the captions stand; that band is cut out ten times a second, and a model tells where its text
changes; each caption is read on the median of its frames. Every step is a job of its own and leaves its objects where
an annotator looks for them. Where nobody annotates, one step does it all from the band on, and leaves the files only.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from clipmill.function.stages import Stage
from clipmill.jobs.events import Event, OnEvent, nobody
from clipmill.jobs.job import Job
from clipmill.jobs.machine import Machine
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.windows import CAPTION_MESSAGES, CAPTIONS
from clipmill.media.captions.layout import AnchorType, with_room_aside
from clipmill.media.captions.region import CropRegion
from clipmill.workflows.steps import StepRunner
from clipmill.workflows.walk import CACHE_BYTES, Walk, walked

CAPTIONS_AT_ONCE = 100
"""Captions that one call reads: each call loads the OCR engine once."""
BATCHES_AT_ONCE = 8

ENOUGH_CAPTIONS = 12
"""Lines of captions that tell where captions stand; how wide they get is told by twice as many, else guessed."""

OWNER = ("tenant_id", "video_id")
VIDEO = ("video_key", *OWNER)
OCR = ("ocr_engine", "languages")
TIMING = ("frame_rate", "model", "model_sha256", "min_caption_frames")

Result = Mapping[str, Any]


def read_captions(
    job: Job,
    machine: Machine,
    runner: StepRunner,
    *,
    on_event: OnEvent = nobody,
    cancel: threading.Event | None = None,
    cache_bytes: int = CACHE_BYTES,
) -> Outcome:
    """Read the captions of a video (`functions.plan_captions`); raises nothing but what interrupts us."""
    return walked(
        _way,
        job,
        machine,
        runner,
        on_event=on_event,
        cancel=cancel,
        cache_bytes=cache_bytes,
        windows=CAPTIONS,
        messages=CAPTION_MESSAGES,
    )


@dataclass(frozen=True)
class _Course:
    """What the steps told; no times where no text was found."""

    plan: Result
    layout: Result | None
    region: Result | None
    timed: Result | None
    unread: Sequence[str]
    written: Result


def _way(walk: Walk) -> Outcome:
    """Find, time, read, write."""
    walk.meter.enter(Stage.STARTING)
    plan = walk.planned("plan_captions", walk.job.request)
    walk.meter.enter(Stage.PREPARING)
    layout = None if plan["crop_region"] else _layout(walk, plan["layout_rates"])
    region = plan["crop_region"] or (layout and _region(layout["layout"], kept=plan["keep_frames"]))
    walk.meter.enter(Stage.PROCESSING)
    if region and not plan["keep_frames"]:
        told = _transcribed(walk, region)
        return _told(walk, _Course(plan, layout, region, told, told["unread"], told))
    timed = _timed(walk, region) if region else None
    walk.meter.enter(Stage.ENCODING)
    readings = _readings(walk, timed, _published(walk, timed)["queued"]) if timed else []
    walk.meter.enter(Stage.PUBLISHING)
    written = walk.steps.run(walk.step("write", "write_captions", _writing(walk, readings))).value()
    unread = [reading["caption_id"] for reading in readings if "error" in reading]
    return _told(walk, _Course(plan, layout, region, timed, unread, written))


def _layout(walk: Walk, rates: Sequence[str]) -> Result:
    """Where the captions stand, by what is written on some full frames; on more of them where few show captions."""
    found = _looked_for(walk, rates[0])
    for rate in rates[1:]:
        if found["layout"]["in_count"] < ENOUGH_CAPTIONS or found["layout"]["warning"]:
            found = _looked_for(walk, rate)
    return found


def _looked_for(walk: Walk, rate: str) -> Result:
    asked = _of(walk, *VIDEO, *OCR) | {"frame_rate": rate}
    step = walk.step("layout", "extract_frames_and_ocr", asked)
    return walk.steps.run(step, _counting(walk, Stage.PREPARING)).value()


def _region(layout: Result, *, kept: bool) -> Result | None:
    """The region that a layout found, wider where nobody looks at it: few frames seldom show the longest line."""
    found = layout["crop_region"]
    if found is None or kept:
        return found
    return with_room_aside(CropRegion.from_json(found), AnchorType(layout["anchor_type"])).to_json()


def _timed(walk: Walk, region: Result) -> Result:
    """When the captions change, and their frames in chunks."""
    asked = _of(walk, *VIDEO, *TIMING) | {"crop_region": region}
    step = walk.step("extents", "crop_and_infer_caption_frame_extents", asked)
    return walk.steps.run(step, _counting(walk, Stage.PROCESSING)).value()


def _transcribed(walk: Walk, region: Result) -> Result:
    """The captions timed, read and written, in one pass that keeps nothing else."""
    asked = _of(walk, *VIDEO, *OCR, *TIMING, "formats", "spreadsheet_safe") | {"crop_region": region}
    step = walk.step("transcribe", "transcribe_captions", asked)
    return walk.steps.run(step, _counting(walk, Stage.PROCESSING)).value()


def _published(walk: Walk, timed: Result) -> Result:
    asked = {**_of(walk, *OWNER), "version": timed["version"], "lock_token": _token(walk)}
    return walk.steps.run(walk.step("publish", "publish_captions", asked)).value()


def _readings(walk: Walk, timed: Result, queued: Sequence[Result]) -> list[Result]:
    """The texts of captions, many in a call, a few calls side by side."""
    batches = [queued[at : at + CAPTIONS_AT_ONCE] for at in range(0, len(queued), CAPTIONS_AT_ONCE)]
    done = [Fraction(0)] * len(batches)

    def told(number: int, event: Event) -> None:
        if event.stage is Stage.PROCESSING and event.frames_total:
            done[number] = Fraction(event.frames_done or 0, event.frames_total)
            walk.meter.report(int(sum(done) * 1000), len(batches) * 1000, Stage.ENCODING)

    def read(number: int) -> Sequence[Result]:
        asked = {**_of(walk, *OCR), "chunks_prefix": timed["cropped_frames_prefix"], "captions": batches[number]}
        step = walk.step(f"text-{number}", "generate_caption_ocr_batch", asked)
        outcome = walk.steps.run(step, partial(told, number))
        if outcome.error is not None:
            walk.steps.stop()
        return outcome.value()["items"]

    with ThreadPoolExecutor(BATCHES_AT_ONCE, thread_name_prefix="clipmill-reading") as pool:
        return [_reading(item) for items in pool.map(read, range(len(batches))) for item in items]


def _reading(item: Result) -> Result:
    """An item of a batch as `functions.write_captions` takes it."""
    same = {name: item[name] for name in ("caption_id", "start_frame", "end_frame")}
    if (error := item["error"]) is not None:
        return same | {"error": f"{error['code']}: {error['message']}"}
    read = item["result"]
    told = {"text": read["ocr_text"], "engine": read["ocr_engine"]}
    return same | told | {name: read[name] for name in ("confidence", "frame_count")}


def _writing(walk: Walk, readings: Sequence[Result]) -> Result:
    asked = _of(walk, *OWNER, "formats", "frame_rate", "spreadsheet_safe")
    return {"formats": ["srt"], **asked, "lock_token": _token(walk), "readings": readings}


def _told(walk: Walk, course: _Course) -> Outcome:
    """The result, and everything people read as its outputs."""
    timed, written = course.timed or {}, course.written
    captions_db = written.get("captions_db_key", "")
    result = {
        "status": "success",
        "captions": written["captions"],
        "read": written["written"],
        "unread": course.unread,
        "duration": course.plan["duration"],
        "crop_region": course.region,
        **{name: timed.get(name) for name in ("version", "frame_count", "frame_rate", "cropped_frames_prefix")},
        "captions_db_key": captions_db,
        "outputs": written["outputs"],
        "warnings": list(_warnings(course)),
        "timings": walk.spent,
    }
    keys = (captions_db, *written["outputs"].values())
    store = walk.machine.store
    return walk.kept(Outcome(result=result), [store.head(key) for key in keys if key])


def _warnings(course: _Course) -> Iterator[Result]:
    """What the steps warned of, each thing once."""
    told = [course.plan, course.layout or {}, course.timed or {}, course.written]
    seen: set[tuple[str, str]] = set()
    for warning in (warning for step in told for warning in step.get("warnings", ())):
        if (each := (warning["code"], warning["message"])) not in seen:
            seen.add(each)
            yield warning
    if course.unread:
        count = len(course.unread)
        yield {"code": "captions_unread", "message": f"{count} captions could not be read; each tells why"}


def _of(walk: Walk, *names: str) -> dict[str, Any]:
    """The fields of the request that a step knows too."""
    return {name: walk.job.request[name] for name in names if name in walk.job.request}


def _counting(walk: Walk, stage: Stage) -> OnEvent:
    def told(event: Event) -> None:
        if event.stage is Stage.PROCESSING and event.frames_total:
            walk.meter.report(event.frames_done or 0, event.frames_total, stage)

    return told


def _token(walk: Walk) -> str:
    """The token of the lock on captions.db that the caller holds; where no locks are kept, the job's id."""
    return walk.job.request.get("lock_token") or walk.job.id
