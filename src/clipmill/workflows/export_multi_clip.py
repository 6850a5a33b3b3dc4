"""``export_multi_clip``: several clips, rendered in parallel, joined into one reel.

The plan comes first and checks everything. Then clips that were rendered before come from the step cache; the others
are rendered as jobs of their own and enter the cache as soon as each is done; then all are joined. A run that was
killed leaves its finished clips in the cache, where the next run finds them.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Any

from clipmill.errors import Cancelled, ClipmillError
from clipmill.function.stages import Stage
from clipmill.jobs.cache import StepCache, cache_key
from clipmill.jobs.events import Event, OnEvent, nobody
from clipmill.jobs.faults import typed
from clipmill.jobs.job import Job
from clipmill.jobs.limits import GIB
from clipmill.jobs.machine import Machine
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.progress import ProgressMeter
from clipmill.jobs.source_identity import source_identity
from clipmill.jobs.stored_results import StoredResults, warn_unkept
from clipmill.jobs.windows import MULTI_CLIP
from clipmill.settings import Settings
from clipmill.storage.keys import full_key, output_key
from clipmill.storage.store import ObjectInfo
from clipmill.workflows.steps import StepRunner, Steps

NAME = "export_multi_clip"
CACHE_BYTES = int(Settings().cache_gb * GIB)
KEPT = timedelta(days=14)
CLIPS_AT_ONCE = 16
"""Clips that are handed to the runner at a time; how many of them run is the runner's choice."""


def export_multi_clip(
    job: Job,
    machine: Machine,
    runner: StepRunner,
    *,
    on_event: OnEvent = nobody,
    cancel: threading.Event | None = None,
    cache_bytes: int = CACHE_BYTES,
) -> Outcome:
    """Export a multi-clip request (`functions.multi_clip_plan`); raises nothing but what interrupts us."""
    meter = ProgressMeter(job.id, on_event, MULTI_CLIP)
    with meter.beating(), Steps(runner, cancel or threading.Event()) as steps:
        try:
            outcome = _Export(job, machine, steps, meter, cache_bytes).outcome()
        except ClipmillError as error:
            outcome = Outcome(error=error)
        except Exception as fault:  # noqa: BLE001 - the end of the line for every error
            outcome = Outcome(error=typed(fault))
    meter.finish(outcome)
    return outcome


@dataclass(frozen=True)
class _Clip:
    """One clip of the plan and where its rendering lies, or will lie."""

    position: int
    planned: Mapping[str, Any]
    digest: str

    @property
    def name(self) -> str:
        return self.planned["name"]

    @property
    def index(self) -> int:
        return self.planned["clip_index"]


class _Export:
    def __init__(self, job: Job, machine: Machine, steps: Steps, meter: ProgressMeter, cache_bytes: int) -> None:
        self._job = job
        self._machine = machine
        self._steps = steps
        self._meter = meter
        self._cache = StepCache(machine.store, job.tenant)
        self._cache_bytes = cache_bytes
        self._stored = StoredResults(machine.store)
        self._started = time.monotonic()

    def outcome(self) -> Outcome:
        """Plan, render, join."""
        if self._job.kept and (known := self._stored.find(self._job)):
            return known
        self._meter.enter(Stage.STARTING)
        plan = self._steps.run(self._step("plan", "plan_multi_clip", self._job.request), self._starting).value()["plan"]
        output_key(self._job.tenant, plan["output"]["output_key"], self._machine.shared_prefixes)
        self._meter.enter(Stage.PREPARING)
        clips = [self._identified(position, planned) for position, planned in enumerate(plan["clips"])]
        self._meter.expect_clips([clip.planned["frames"] for clip in clips])
        self._meter.enter(Stage.PROCESSING)
        rendered, hits = self._rendered(clips)
        self._meter.enter(Stage.ENCODING)
        joined = self._steps.run(self._join(plan, clips), self._joining).value()
        self._meter.enter(Stage.PUBLISHING)
        result: dict[str, Any] = joined | {
            "clip_starts": plan["clip_starts"],
            "warnings": [*joined["warnings"], *_clip_warnings(clips, rendered)],
            "timings": joined["timings"]
            | self._meter.timings
            | {"total_s": round(time.monotonic() - self._started, 3)},
            "cache": {"hits": hits, "misses": len(clips) - hits},
            "encoder": rendered[0]["encoder"],
        }
        output = full_key(self._job.tenant, result["output_key"], self._machine.shared_prefixes)
        return self._tidied(Outcome(result=result), self._machine.store.head(output))

    def _tidied(self, outcome: Outcome, output: ObjectInfo) -> Outcome:
        """Bound the cache and keep the result; the output is there by now, so a fault of either is a warning."""
        try:
            self._cache.prune(self._cache_bytes, KEPT)
        except ClipmillError as fault:
            outcome = _warned(outcome, "cache_not_pruned", f"old entries of the step cache are left: {fault.message}")
        try:
            if self._job.kept:
                self._stored.keep(self._job, outcome, [output])
        except ClipmillError as fault:
            return warn_unkept(outcome, fault)
        return outcome

    def _identified(self, position: int, planned: Mapping[str, Any]) -> _Clip:
        source = full_key(self._job.tenant, planned["source_key"], self._machine.shared_prefixes)
        identity = source_identity(self._machine.store, source)
        return _Clip(position, planned, cache_key(planned["version"], [identity], planned["canonical"]))

    def _rendered(self, clips: Sequence[_Clip]) -> tuple[list[Mapping[str, Any]], int]:
        """The result of every clip, and how many came from the cache; equal clips are rendered once."""
        found = {digest: self._cache.find(digest) for digest in {clip.digest for clip in clips}}
        missing = {clip.digest: clip for clip in reversed(clips) if found[clip.digest] is None}
        twins = {digest: [clip for clip in clips if clip.digest == digest] for digest in found}
        for digest in found.keys() - missing.keys():
            self._tell(twins[digest], Fraction(1))
        with ThreadPoolExecutor(CLIPS_AT_ONCE, thread_name_prefix="clipmill-clip") as pool:
            waiting = sorted(missing.values(), key=lambda clip: clip.position)
            try:
                outcomes = list(pool.map(self._render, waiting, (twins[clip.digest] for clip in waiting)))
            except BaseException:
                # The pool waits for the clips that run, so they must not run to their end.
                self._steps.stop()
                raise
        errors = [outcome.error for outcome in outcomes if outcome.error is not None]
        if errors:
            raise next((error for error in errors if not isinstance(error, Cancelled)), errors[0])
        found |= {clip.digest: outcome.value() for clip, outcome in zip(waiting, outcomes, strict=True)}
        return [found[clip.digest] or {} for clip in clips], len(clips) - len(missing)

    def _render(self, clip: _Clip, twins: Sequence[_Clip]) -> Outcome:
        """Render one clip into the cache; the first that fails stops the others."""
        request = clip.planned["request"] | {
            "clip_index": clip.index,
            "input_key": clip.planned["source_key"],
            "output_key": self._cache.object_key(clip.digest),
            "joinable": True,
        }

        def on_event(event: Event) -> None:
            if event.stage is Stage.PROCESSING and event.frames_total:
                self._tell(twins, Fraction(event.frames_done or 0, event.frames_total))

        outcome = self._steps.run(self._step(f"clip-{clip.index}", "process_multi_clip_item", request), on_event)
        if outcome.error is not None:
            self._steps.stop()
            outcome.error.details.update(clip_index=clip.index, name=clip.name)
            return outcome
        self._cache.commit(clip.digest, outcome.value())
        self._tell(twins, Fraction(1))
        return outcome

    def _tell(self, clips: Sequence[_Clip], part: Fraction) -> None:
        for clip in clips:
            self._meter.report_clip(clip.position, part)

    def _join(self, plan: Mapping[str, Any], clips: Sequence[_Clip]) -> Job:
        request = {
            "clip_keys": [self._cache.object_key(clip.digest) for clip in clips],
            "clip_info": [{"name": clip.name} for clip in clips],
            "transition_type": plan["transition"]["type"],
            "transition_duration": plan["transition"]["duration"],
        }
        return self._step("join", "concatenate_clips", request | plan["output"])

    def _step(self, name: str, function: str, request: Mapping[str, Any]) -> Job:
        return Job(f"{self._job.id[:100]}.{name}", function, request, self._job.tenant, kept=False)

    def _starting(self, event: Event) -> None:
        if event.stage is Stage.PREPARING:
            self._meter.report(int(event.progress * 10), 1000, Stage.STARTING)

    def _joining(self, event: Event) -> None:
        if event.stage is Stage.PROCESSING and event.frames_total:
            self._meter.report(event.frames_done or 0, event.frames_total, Stage.ENCODING)
        elif event.stage is Stage.UPLOADING:
            self._meter.report(event.bytes_done or 0, event.bytes_total or 0, Stage.UPLOADING)


def _warned(outcome: Outcome, code: str, message: str) -> Outcome:
    result = outcome.value()
    return Outcome(result=result | {"warnings": [*result["warnings"], {"code": code, "message": message}]})


def _clip_warnings(clips: Sequence[_Clip], rendered: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        warning | {"clip_index": clip.index}
        for clip, result in zip(clips, rendered, strict=True)
        for warning in result.get("warnings", [])
    ]
