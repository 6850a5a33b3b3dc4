"""``generate_caption_ocr``: the text of one caption, read on the median of its frames."""

from typing import Any

from clipmill.engines.ocr.choice import chosen_engine
from clipmill.errors import ClipmillError
from clipmill.function.caption_shapes import CaptionOcrRequest, CaptionOcrResult
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Gpu, Needs
from clipmill.function.stages import Stage
from clipmill.functions.caption_reading import CaptionReader, Wanted, committed_manifest, wanted
from clipmill.media.captions.manifest import Manifest


def run(request: CaptionOcrRequest, context: Context) -> CaptionOcrResult:
    """Read the text of one caption on the median of its frames."""
    engine = chosen_engine(request.ocr_engine, request.languages, context.threads)
    try:
        manifest, caption = _wanted(request, context)
        reader = CaptionReader(context, manifest, engine, request.languages)
        (found,) = reader.read([caption])
    finally:
        engine.close()
    if isinstance(found, ClipmillError):
        raise found
    context.report(1, 1, Stage.PROCESSING)
    return found


def plan(request: CaptionOcrRequest, context: Context) -> dict[str, Any]:
    """Which frames and chunks ``run`` will read."""
    manifest, caption = _wanted(request, context)
    return {
        "level": caption.frames.level,
        "frame_count": len(caption.frames.frames),
        "chunks": [manifest.place.chunk(*place) for place in caption.chunks],
        "bytes": sum(manifest.chunk(*place).bytes for place in caption.chunks),
    }


def _wanted(request: CaptionOcrRequest, context: Context) -> tuple[Manifest, Wanted]:
    manifest = committed_manifest(request, context)
    return manifest, wanted(manifest, request.start_frame, request.end_frame, request.max_frames)


generate_caption_ocr = Function(
    name="generate_caption_ocr",
    version="1",
    request=CaptionOcrRequest,
    run=run,
    plan=plan,
    needs=Needs(gpu=Gpu.SMALL, memory_gb=4, timeout_s=300, retries=1),
)
