"""Steps whose outputs go into the step cache: those that are there already are taken, the others run side by side."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from clipmill.errors import Cancelled
from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
from clipmill.jobs.outcome import Outcome
from clipmill.workflows.walk import Walk

AT_ONCE = 64
"""Steps that are handed to the runner at a time; how many of them run is the runner's choice."""

Tell = Callable[[int, Fraction], None]
"""Told the position of a step and how much (0..1) of it is done."""


@dataclass(frozen=True)
class CachedStep:
    """A step, the digest of everything its output depends on, and what its error is told with."""

    name: str
    function: str
    request: Mapping[str, Any]
    """Without the key of its output, which the cache gives."""
    digest: str
    details: Mapping[str, Any]


@dataclass(frozen=True)
class Rendered:
    """The result of every step, in their order, and how many of them came from the cache."""

    results: Sequence[Mapping[str, Any]]
    hits: int

    @property
    def cache_use(self) -> dict[str, int]:
        return {"hits": self.hits, "misses": len(self.results) - self.hits}


def rendered(walk: Walk, steps: Sequence[CachedStep], tell: Tell) -> Rendered:
    """Run the steps that are not in the cache; equal ones run once, the first that fails stops the others."""
    return _SideBySide(walk, steps, tell).rendered()


class _SideBySide:
    def __init__(self, walk: Walk, steps: Sequence[CachedStep], tell: Tell) -> None:
        self._walk = walk
        self._steps = steps
        self._tell_one = tell

    def rendered(self) -> Rendered:
        digests = {step.digest for step in self._steps}
        found = {digest: self._walk.cache.find(digest) for digest in digests}
        missing = {step.digest: step for step in reversed(self._steps) if found[step.digest] is None}
        for digest in digests - missing.keys():
            self._tell(digest, Fraction(1))
        waiting = [step for step in self._steps if missing.get(step.digest) is step]
        outcomes = self._side_by_side(waiting)
        errors = [outcome.error for outcome in outcomes if outcome.error is not None]
        if errors:
            raise next((error for error in errors if not isinstance(error, Cancelled)), errors[0])
        found |= {step.digest: outcome.value() for step, outcome in zip(waiting, outcomes, strict=True)}
        return Rendered([found[step.digest] or {} for step in self._steps], len(self._steps) - len(missing))

    def _side_by_side(self, waiting: Sequence[CachedStep]) -> list[Outcome]:
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="clipmill-step") as pool:
            try:
                return list(pool.map(self._run, waiting))
            except BaseException:
                # The pool waits for the steps that run, so they must not run to their end.
                self._walk.steps.stop()
                raise

    def _run(self, step: CachedStep) -> Outcome:
        """Run one step into the cache; the first that fails stops the others."""

        def on_event(event: Event) -> None:
            if event.stage is Stage.PROCESSING and event.frames_total:
                self._tell(step.digest, Fraction(event.frames_done or 0, event.frames_total))

        walk = self._walk
        request = {**step.request, "output_key": walk.cache.object_key(step.digest)}
        outcome = walk.steps.run(walk.step(step.name, step.function, request), on_event)
        if outcome.error is not None:
            walk.steps.stop()
            outcome.error.details.update(step.details)
            return outcome
        walk.cache.commit(step.digest, outcome.value())
        self._tell(step.digest, Fraction(1))
        return outcome

    def _tell(self, digest: str, part: Fraction) -> None:
        for position, step in enumerate(self._steps):
            if step.digest == digest:
                self._tell_one(position, part)
