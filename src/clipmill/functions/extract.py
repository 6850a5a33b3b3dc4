"""``extract_clips``: annotated moments of a game as files of their own, as one compilation, or both."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, TypeVar

from pydantic import model_validator

from clipmill.engines.encoders import available_codec
from clipmill.errors import Cancelled, ClipmillError, InvalidRequestError, OutOfSpace, RunnerError, StorageError
from clipmill.function.annotation_shapes import AnnotateShape, Deliverable, OnError
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Needs
from clipmill.function.results import ClipEntry, ExtractResult, Result, Warn
from clipmill.function.stages import Stage
from clipmill.function.wire import Text
from clipmill.functions.compilation import Compilation, Moment, plan_compilation
from clipmill.functions.patching import PatchWork, described_patch, patch_result, plan_window
from clipmill.functions.planning import Source, encoder_name_of, open_source
from clipmill.media.annotations import Annotation, display_name, settled_range, source_of

T = TypeVar("T")

NEVER_SKIPPED = (Cancelled, OutOfSpace, StorageError, RunnerError)
"""Errors that say nothing about the clip in which they came up."""


class ExtractRequest(AnnotateShape):
    """Moments of one or several videos, and where what is made of them goes."""

    aliases: ClassVar = {**AnnotateShape.aliases, "input_key": ("input_video_key",)}

    input_key: Text | None = None
    output_key: Text | None = None
    outputs: tuple[Deliverable, ...] = (Deliverable.CLIPS,)

    @model_validator(mode="after")
    def _compilation_has_a_place(self) -> "ExtractRequest":
        if Deliverable.COMPILATION in self.outputs and not self.output_key:
            raise InvalidRequestError(
                "output_key: expected a key for the compilation, got none; send one such as out/game.mp4",
                details={"field": "output_key"},
            )
        return self


@dataclass
class _Extraction:
    """The moments of one request, those that can be made, and what was said on the way."""

    request: ExtractRequest
    context: Context
    warnings: list[Warn] = field(default_factory=list[Warn])
    failures: list[ClipmillError] = field(default_factory=list[ClipmillError])

    def __post_init__(self) -> None:
        self._sources: dict[str, Source] = {}

    def moments(self) -> list[Moment]:
        """Every moment that lies in its source."""
        annotations = self.request.annotations()
        keys = self.request.sequences(self.request.input_key)
        chosen = [source_of(annotation, index, keys) for index, annotation in enumerate(annotations)]
        tried = (
            self.tried(index, partial(self._moment, index, *pair))
            for index, pair in enumerate(zip(annotations, chosen, strict=True))
        )
        return self.require([moment for moment in tried if moment])

    def _moment(self, index: int, annotation: Annotation, key: str) -> Moment:
        if key not in self._sources:
            self._sources[key] = open_source(self.context, key)
        source = self._sources[key]
        return Moment(index, annotation, source, settled_range(annotation, index, source.video.duration))

    def tried(self, index: int, step: Callable[[], T]) -> T | None:
        """What a step for one clip gives; None where it failed and the clip may be left out."""
        try:
            return step()
        except NEVER_SKIPPED:
            raise
        except ClipmillError as fault:
            name = display_name(self.request.annotations()[index], index)
            fault.details |= {"clip_index": index, "name": name}
            if self.request.on_error is OnError.FAIL:
                raise
            self.failures.append(fault)
            message = f"clip {index} ({name}) was left out: {fault.message}"
            self.warnings.append(Warn.model_validate({"code": "clip_failed", "message": message, "index": index}))
            return None

    def require(self, made: list[T]) -> list[T]:
        """What was made, unless it is nothing."""
        if not made:
            raise self.failures[0]
        return made


def run(request: ExtractRequest, context: Context) -> ExtractResult:
    """Cut annotated moments out of their videos, frame by frame exact, with as little encoding as possible."""
    job = _Extraction(request, context)
    moments = job.moments()
    context.report(1, 1, Stage.PREPARING)
    entries: list[ClipEntry] = []
    compiled: Result | None = None
    if Deliverable.CLIPS in request.outputs:
        files = [(moment, job.tried(moment.index, partial(_file, moment, job))) for moment in moments]
        moments = job.require([moment for moment, entry in files if entry])
        entries = [entry for _, entry in files if entry]
    if Deliverable.COMPILATION in request.outputs:
        compiled = _compiled(moments, job, partial(_written, job=job))
    context.report(1, 1, Stage.ENCODING)
    return _told(entries, compiled, job)


def plan(request: ExtractRequest, context: Context) -> dict[str, Any]:
    """What ``run`` will copy and encode."""
    job = _Extraction(request, context)
    moments = job.moments()
    clips = [
        {"index": moment.index, "name": moment.name, "output_key": _key(moment, request)}
        | described_patch(_work(moment, job).plan)
        for moment in moments
    ]
    joined = Deliverable.COMPILATION in request.outputs
    compiled = _compiled(moments, job, Compilation.described) if joined else None
    return {
        "clips": clips if Deliverable.CLIPS in request.outputs else [],
        "compilation": compiled,
        "warnings": [warning.model_dump() for warning in job.warnings],
    }


def _key(moment: Moment, request: ExtractRequest) -> str:
    return f"{request.output_prefix}/clip_{moment.index + 1:03}.mp4"


def _work(moment: Moment, job: _Extraction) -> PatchWork:
    return PatchWork(
        source=moment.source,
        plan=plan_window(moment.source, moment.range, ()),
        quality=job.request.quality,
        codec=available_codec(job.request.encoder),
        threads=job.context.threads,
        include_audio=job.request.include_audio,
    )


def _file(moment: Moment, job: _Extraction) -> ClipEntry:
    """Write and publish the file of one moment."""
    work, key = _work(moment, job), _key(moment, job.request)
    total = len(job.request.clips)
    path = job.context.new_file(f"clip_{moment.index + 1:03}.mp4")
    report = work.write(path, lambda _: job.context.report(moment.index, total, Stage.PROCESSING))
    result = patch_result(path, key, work, report, encoder_name_of(work.codec))
    job.context.publish(path, key)
    job.context.report(moment.index + 1, total, Stage.PROCESSING)
    job.warnings += [warning.model_copy(update={"index": moment.index}) for warning in result.warnings]
    first = float(report.plan.start - moment.source.video.start)
    return ClipEntry(
        index=moment.index,
        output_key=key,
        name=moment.name,
        start=first,
        end=first + result.duration,
        duration=result.duration,
        frames=result.frames,
        width=result.width,
        height=result.height,
        fps=result.fps,
        audio=result.audio,
        encoder=result.encoder,
        copied_ranges=result.copied_ranges,
    )


def _compilation(moments: Sequence[Moment], job: _Extraction) -> Compilation:
    return plan_compilation(job.request, moments, available_codec(job.request.encoder), job.context.threads)


def _compiled(moments: list[Moment], job: _Extraction, step: Callable[[Compilation], T]) -> T:
    """What a step gives for the compilation of all moments that can be drawn; each that cannot costs a new beginning."""
    while True:
        try:
            return step(_compilation(moments, job))
        except NEVER_SKIPPED:
            raise
        except ClipmillError as fault:
            failed = fault.details.get("clip")
            if not isinstance(failed, int):
                raise
            job.tried(moments[failed].index, partial(_raise, fault))
            moments = job.require([moment for position, moment in enumerate(moments) if position != failed])


def _raise(fault: ClipmillError) -> None:
    raise fault


def _written(compilation: Compilation, job: _Extraction) -> Result:
    path, key = job.context.new_file("compilation.mp4"), job.request.output_key or ""
    total = compilation.join.total_frames
    result = compilation.write(path, key, lambda done: job.context.report(done, total, Stage.PROCESSING))
    job.context.publish(path, key)
    job.warnings += result.warnings
    return result


def _told(entries: Sequence[ClipEntry], compiled: Result | None, job: _Extraction) -> ExtractResult:
    """The result: of the compilation where there is one, else of all files together."""
    if compiled is not None:
        told = compiled.model_dump()
    else:
        first = entries[0]
        told = {
            "output_key": None,
            "duration": sum(entry.duration for entry in entries),
            "frames": sum(entry.frames for entry in entries),
            "width": first.width,
            "height": first.height,
            "fps": first.fps,
            "audio": first.audio,
            "encoder": next((entry.encoder for entry in entries if entry.encoder != "copied"), "copied"),
        }
    return ExtractResult.model_validate(told | {"clips": list(entries), "warnings": job.warnings})


extract_clips = Function(
    name="extract_clips",
    version="1",
    request=ExtractRequest,
    run=run,
    plan=plan,
    needs=Needs(timeout_s=300),
)
