"""The workflows on offer beside the functions: jobs that are made of several calls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    # Looking a name up must not cost the import of what a job is.
    from clipmill.jobs.outcome import Outcome

Walk: TypeAlias = "Callable[..., Outcome]"
"""Called with a job, a machine and a runner; ``on_event``, ``cancel`` and ``cache_bytes`` by name."""


@dataclass(frozen=True)
class Workflow:
    """A workflow, where it lies, and the function that checks and plans its requests."""

    summary: str
    place: str
    planner: str

    def load(self) -> "Walk":
        """The workflow itself."""
        module, _, name = self.place.partition(":")
        return getattr(import_module(module), name)


WORKFLOWS: Mapping[str, Workflow] = {
    "export_multi_clip": Workflow(
        summary="Render several clips in parallel and join them into one reel.",
        place="clipmill.workflows.export_multi_clip:export_multi_clip",
        planner="plan_multi_clip",
    ),
    "render_in_parts": Workflow(
        summary="Render one long output in parts, side by side, and join them without encoding again.",
        place="clipmill.workflows.render_in_parts:render_in_parts",
        planner="plan_parts",
    ),
    "read_captions": Workflow(
        summary="Find the captions burnt into a video, time them, read them, and write subtitle files.",
        place="clipmill.workflows.read_captions:read_captions",
        planner="plan_captions",
    ),
}
