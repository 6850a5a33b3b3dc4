"""``process_multi_clip_item``: one clip of a multi-clip export, rendered so that it joins with its neighbours."""

from functools import partial
from typing import Any

from pydantic import field_validator

from clipmill.engines.render import Ends
from clipmill.errors import TransitionTooLongError
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Gpu, Needs
from clipmill.function.results import Result
from clipmill.function.wire import Count, Flag
from clipmill.functions.planning import ClipRequest
from clipmill.functions.rendering import render, told_plan
from clipmill.media.framing import ClipPlan


class MultiClipItemRequest(ClipRequest):
    """One clip; ``intermediate`` keeps all of it lossless, ``head_frames`` and ``tail_frames`` only its ends.

    A clip with ``joinable`` set carries its sound lossless and its ends in tracks of their own.
    """

    clip_index: Count = 0
    intermediate: Flag = False
    joinable: Flag = False
    head_frames: Count = 0
    tail_frames: Count = 0

    @field_validator("head_frames", "tail_frames")
    @classmethod
    def _counts_frames(cls, value: int) -> int:
        if value < 0:
            raise ValueError(f"expected a number of frames from 0, got {value}")
        return value


def run(request: MultiClipItemRequest, context: Context) -> Result:
    """Render one clip of a multi-clip export, its frames under a transition lossless."""
    return render(request, context, partial(_ends, request))


def plan(request: MultiClipItemRequest, context: Context) -> dict[str, Any]:
    """What ``run`` will draw."""
    return told_plan(request, context, partial(_ends, request))


def _ends(request: MultiClipItemRequest, clip: ClipPlan) -> Ends | None:
    if request.intermediate:
        return Ends(clip.frames, 0)
    if not (request.joinable or request.head_frames or request.tail_frames):
        return None
    if request.head_frames + request.tail_frames > clip.frames:
        raise TransitionTooLongError(
            f"clip {request.clip_index} lasts {clip.frames} frames, its transitions need "
            f"{request.head_frames + request.tail_frames}; shorten the transition or lengthen the clip",
            details={"clip": request.clip_index},
        )
    return Ends(request.head_frames, request.tail_frames)


process_multi_clip_item = Function(
    name="process_multi_clip_item",
    version="1",
    request=MultiClipItemRequest,
    run=run,
    plan=plan,
    needs=Needs(gpu=Gpu.SMALL, timeout_s=900),
)
