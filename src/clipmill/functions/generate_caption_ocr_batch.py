"""``generate_caption_ocr_batch``: the texts of many captions of one video; each chunk is fetched and decoded once."""

from collections.abc import Mapping
from typing import Any

from clipmill.engines.ocr.choice import chosen_engine
from clipmill.errors import ClipmillError, InvalidParameterError
from clipmill.function.caption_shapes import (
    CaptionOcrBatchRequest,
    CaptionOcrBatchResult,
    CaptionOcrItem,
    CaptionOcrResult,
    CaptionRange,
    Failure,
)
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Gpu, Needs
from clipmill.function.stages import Stage
from clipmill.functions.caption_reading import CaptionReader, Wanted, committed_manifest, wanted
from clipmill.media.captions.keys import check_identifier
from clipmill.media.captions.manifest import Manifest


def run(request: CaptionOcrBatchRequest, context: Context) -> CaptionOcrBatchResult:
    """Read the texts of many captions of one video, each on the median of its frames."""
    engine = chosen_engine(request.ocr_engine, request.languages, context.threads)
    try:
        manifest = committed_manifest(request, context)
        items = _checked(request, manifest)
        ranges = {number: found for number, found in items.items() if isinstance(found, Wanted)}
        reader = CaptionReader(context, manifest, engine, request.languages)
        # In the order of the chunks, so that few of them are kept at a time.
        order = sorted(ranges, key=lambda number: (ranges[number].frames.level, ranges[number].start_frame))
        told = {number: found for number, found in items.items() if isinstance(found, CaptionOcrItem)}
        for number, found in zip(order, reader.read([ranges[number] for number in order]), strict=True):
            told[number] = _item(request.captions[number], found)
            context.report(len(told), len(items), Stage.PROCESSING)
    finally:
        engine.close()
    return CaptionOcrBatchResult(items=[told[number] for number in range(len(items))])


def plan(request: CaptionOcrBatchRequest, context: Context) -> dict[str, Any]:
    """Which chunks ``run`` will read, each once, and which captions it cannot read."""
    manifest = committed_manifest(request, context)
    items = _checked(request, manifest)
    places = sorted({place for found in items.values() if isinstance(found, Wanted) for place in found.chunks})
    return {
        "captions": len(items),
        "chunks": [manifest.place.chunk(*place) for place in places],
        "bytes": sum(manifest.chunk(*place).bytes for place in places),
        "errors": [found.model_dump() for found in items.values() if isinstance(found, CaptionOcrItem)],
    }


def _checked(request: CaptionOcrBatchRequest, manifest: Manifest) -> Mapping[int, Wanted | CaptionOcrItem]:
    """What every caption needs, or why it cannot be read, by its place in the request."""
    found: dict[int, Wanted | CaptionOcrItem] = {}
    for number, caption in enumerate(request.captions):
        try:
            check_identifier(caption.caption_id, "caption_id")
            found[number] = wanted(manifest, caption.start_frame, caption.end_frame, request.max_frames)
        except InvalidParameterError as fault:
            found[number] = _item(caption, fault)
    return found


def _item(caption: CaptionRange, found: CaptionOcrResult | ClipmillError) -> CaptionOcrItem:
    return CaptionOcrItem(
        caption_id=caption.caption_id,
        start_frame=caption.start_frame,
        end_frame=caption.end_frame,
        result=None if isinstance(found, ClipmillError) else found,
        error=Failure(code=found.code, message=found.message) if isinstance(found, ClipmillError) else None,
    )


generate_caption_ocr_batch = Function(
    name="generate_caption_ocr_batch",
    version="1",
    request=CaptionOcrBatchRequest,
    run=run,
    plan=plan,
    needs=Needs(gpu=Gpu.SMALL, memory_gb=4, timeout_s=1800, retries=1),
)
