"""``export_multi_clip``: several clips, rendered in parallel, joined into one reel.

The plan comes first and checks everything. Then clips that were rendered before come from the step cache; the others
are rendered as jobs of their own and enter the cache as soon as each is done; then all are joined. A run that was
killed leaves its finished clips in the cache, where the next run finds them.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from clipmill.function.stages import Stage
from clipmill.jobs.cache import cache_key
from clipmill.jobs.events import OnEvent, nobody
from clipmill.jobs.job import Job
from clipmill.jobs.machine import Machine
from clipmill.jobs.outcome import Outcome
from clipmill.storage.keys import output_key
from clipmill.workflows.cached_steps import CachedStep, rendered
from clipmill.workflows.steps import StepRunner
from clipmill.workflows.walk import CACHE_BYTES, Walk, walked


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
    return walked(_way, job, machine, runner, on_event=on_event, cancel=cancel, cache_bytes=cache_bytes)


def _way(walk: Walk) -> Outcome:
    """Plan, render, join."""
    walk.meter.enter(Stage.STARTING)
    plan = walk.planned("plan_multi_clip", walk.job.request)
    output_key(walk.job.tenant, plan["output"]["output_key"], walk.machine.shared_prefixes)
    walk.meter.enter(Stage.PREPARING)
    clips: Sequence[Mapping[str, Any]] = plan["clips"]
    steps = [_step(walk, clip) for clip in clips]
    walk.meter.expect_clips([clip["frames"] for clip in clips])
    walk.meter.enter(Stage.PROCESSING)
    items = rendered(walk, steps, walk.meter.report_clip)
    walk.meter.enter(Stage.ENCODING)
    joined = walk.joined(_join(walk, plan, steps))
    walk.meter.enter(Stage.PUBLISHING)
    further = {
        "clip_starts": plan["clip_starts"],
        "warnings": [*joined["warnings"], *_clip_warnings(clips, items.results)],
        "cache": items.cache_use,
        "encoder": items.results[0]["encoder"],
    }
    return walk.finished(joined, further)


def _step(walk: Walk, clip: Mapping[str, Any]) -> CachedStep:
    index, source = clip["clip_index"], clip["source_key"]
    return CachedStep(
        name=f"clip-{index}",
        function="process_multi_clip_item",
        request=clip["request"] | {"clip_index": index, "input_key": source, "joinable": True},
        digest=cache_key(clip["version"], [walk.identity(source)], clip["canonical"]),
        details={"clip_index": index, "name": clip["name"]},
    )


def _join(walk: Walk, plan: Mapping[str, Any], steps: Sequence[CachedStep]) -> Job:
    request = {
        "clip_keys": [walk.cache.object_key(step.digest) for step in steps],
        "clip_info": [{"name": clip["name"]} for clip in plan["clips"]],
        "transition_type": plan["transition"]["type"],
        "transition_duration": plan["transition"]["duration"],
    }
    return walk.step("join", "concatenate_clips", request | plan["output"])


def _clip_warnings(clips: Sequence[Mapping[str, Any]], items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        warning | {"clip_index": clip["clip_index"]}
        for clip, result in zip(clips, items, strict=True)
        for warning in result.get("warnings", [])
    ]
