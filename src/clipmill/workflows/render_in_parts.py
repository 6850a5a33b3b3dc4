"""``render_in_parts``: one long output, rendered by as many workers as there are, joined without encoding again.

The plan shares the output out. Parts that were rendered before come from the step cache; the others are rendered as
jobs of their own; then their packets are copied, and the sound is made once. The output is what one worker would write.
"""

import threading
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from clipmill.function.parted import merge, split
from clipmill.function.stages import Stage
from clipmill.jobs.cache import cache_key
from clipmill.jobs.events import OnEvent, nobody
from clipmill.jobs.job import Job
from clipmill.jobs.machine import Machine
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.progress import ProgressMeter
from clipmill.storage.keys import output_key
from clipmill.workflows.cached_steps import CachedStep, rendered
from clipmill.workflows.steps import StepRunner
from clipmill.workflows.walk import CACHE_BYTES, Walk, walked


def render_in_parts(
    job: Job,
    machine: Machine,
    runner: StepRunner,
    *,
    on_event: OnEvent = nobody,
    cancel: threading.Event | None = None,
    cache_bytes: int = CACHE_BYTES,
) -> Outcome:
    """Render a call in parts (`functions.plan_parts`); raises nothing but what interrupts us."""
    return walked(_way, job, machine, runner, on_event=on_event, cancel=cancel, cache_bytes=cache_bytes)


def _way(walk: Walk) -> Outcome:
    """Plan, render, join."""
    walk.meter.enter(Stage.STARTING)
    plan = walk.planned("plan_parts", walk.job.request)
    output_key(walk.job.tenant, plan["output_key"], walk.machine.shared_prefixes)
    walk.meter.enter(Stage.PREPARING)
    steps = _steps(walk, plan)
    walk.meter.enter(Stage.PROCESSING)
    made = rendered(walk, steps, _Frames(walk.meter, [part["frames"] for part in plan["parts"]]).tell)
    walk.meter.enter(Stage.ENCODING)
    joined = walk.joined(walk.step("join", "join_parts", merge(plan, made.results)))
    walk.meter.enter(Stage.PUBLISHING)
    return walk.finished(joined, {"cache": made.cache_use})


def _steps(walk: Walk, plan: Mapping[str, Any]) -> list[CachedStep]:
    depends = plan["depends_on"]
    inputs = [walk.identity(key) for key in depends["inputs"]]
    # An encoder that works with more threads writes other packets.
    shared = {"stretch_s": plan["stretch_s"], "threads": walk.machine.threads, "canonical": depends["canonical"]}
    return [
        CachedStep(
            name=f"part-{number}",
            function="render_part",
            request=request,
            digest=cache_key(depends["version"], inputs, shared | {"run": [request["first"], request["last"]]}),
            details={"part": number, "parts": len(plan["parts"])},
        )
        for number, request in enumerate(split(plan))
    ]


class _Frames:
    """Counts the frames of parts that are rendered side by side."""

    def __init__(self, meter: ProgressMeter, frames: list[int]) -> None:
        self._meter = meter
        self._frames = frames
        self._done = [Fraction(0)] * len(frames)
        self._lock = threading.Lock()

    def tell(self, part: int, done: Fraction) -> None:
        with self._lock:
            self._done[part] = max(self._done[part], done)
            frames = sum(frames * done for frames, done in zip(self._frames, self._done, strict=True))
            self._meter.report(int(frames), sum(self._frames), Stage.PROCESSING)
