"""The workflows on offer beside the functions: jobs that are made of several calls."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Workflow:
    """A workflow, where it lies, and the function that checks and plans its requests."""

    summary: str
    place: str
    planner: str


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
}
