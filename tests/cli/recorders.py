"""Functions that write down the request they got, in place of ones that draw: what a verb asks for can be read there."""

import json
from typing import Any

from clipmill.errors import ClipmillError
from clipmill.function.annotation_shapes import AnnotateShape, Deliverable
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.results import AnyResult, Result, Warn
from clipmill.function.wire import Text, WireModel

CATALOGUE = {
    "extract_clips": "tests.cli.recorders:extract_clips",
    "render_overlay": "tests.cli.recorders:render_overlay",
}


class ExtractRequest(AnnotateShape):
    input_key: Text | None = None
    output_key: Text | None = None


class OverlayRequest(WireModel):
    input_key: Text
    output_key: Text
    highlight_regions: tuple[Any, ...] = ()
    text_layers: tuple[Any, ...] = ()


class CutResult(AnyResult):
    output_key: str | None = None
    clips: tuple[dict[str, Any], ...] = ()
    warnings: tuple[Warn, ...] = ()


def _record(request: WireModel, key: str, context: Context) -> str:
    file = context.new_file("request.json")
    file.write_text(json.dumps(request.model_dump(mode="json")))
    context.publish(file, key)
    return key


def _extract(request: ExtractRequest, context: Context) -> CutResult:
    assert request.sequences(request.input_key)
    clips: list[dict[str, Any]] = []
    warnings: list[Warn] = []
    for index, clip in enumerate(request.annotations()):
        if clip.name == "bad":
            warnings.append(Warn.model_validate({"code": "clip_failed", "message": "it is bad", "index": index}))
        elif Deliverable.CLIPS in request.outputs:
            key = f"{request.output_prefix}/clip_{index + 1:03}.mp4"
            clips.append({"index": index, "output_key": _record(request, key, context)})
    compilation = None
    if Deliverable.COMPILATION in request.outputs:
        assert request.output_key is not None
        compilation = _record(request, request.output_key, context)
    return CutResult(output_key=compilation, clips=tuple(clips), warnings=tuple(warnings))


def _overlay(request: OverlayRequest, context: Context) -> Result:
    key = _record(request, request.output_key, context)
    return Result(
        output_key=key, duration=1, frames=30, width=64, height=64, fps="30/1", audio="copied", encoder="copied"
    )


def _plan(request: WireModel, context: Context) -> dict[str, Any]:
    raise ClipmillError("not asked for")


extract_clips = Function(name="extract_clips", version="1", request=ExtractRequest, run=_extract, plan=_plan)
render_overlay = Function(name="render_overlay", version="1", request=OverlayRequest, run=_overlay, plan=_plan)
