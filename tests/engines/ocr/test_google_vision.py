from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from clipmill.engines.ocr.google_vision import GoogleVisionEngine, page_of
from clipmill.engines.ocr.pages import Box, OcrFailure
from clipmill.errors import OcrFailedError

grpc = pytest.importorskip("grpc")
vision: Any = pytest.importorskip("google.cloud.vision")

SMALL = np.full((50, 100, 3), 120, np.uint8)


@contextmanager
def served(answer: Callable[[Any], Any]) -> Iterator[GoogleVisionEngine]:
    """An engine whose service is a server on this machine that answers each batch."""
    from google.cloud.vision_v1.services.image_annotator.transports import ImageAnnotatorGrpcTransport

    handler = grpc.unary_unary_rpc_method_handler(
        lambda request, _: answer(request),
        request_deserializer=vision.BatchAnnotateImagesRequest.deserialize,
        response_serializer=vision.BatchAnnotateImagesResponse.serialize,
    )
    service = "google.cloud.vision.v1.ImageAnnotator"
    server = grpc.server(ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"BatchAnnotateImages": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    transport = ImageAnnotatorGrpcTransport(channel=grpc.insecure_channel(f"127.0.0.1:{port}"))
    engine = GoogleVisionEngine(vision.ImageAnnotatorClient(transport=transport))
    try:
        yield engine
    finally:
        engine.close()
        server.stop(0).wait()


def outline(left, top, right, bottom):
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    # The service leaves out what is 0.
    return {"vertices": [{name: value for name, value in (("x", x), ("y", y)) if value} for x, y in corners]}


def word(letters, sides, confidence, gap):
    symbols = [{"text": letter, "confidence": confidence, "bounding_box": outline(*sides)} for letter in letters]
    symbols[-1]["property"] = {"detected_break": {"type_": gap}}
    return {"symbols": symbols, "confidence": confidence, "bounding_box": outline(*sides)}


def answered(*words, **more):
    page = {"width": 100, "height": 50, "blocks": [{"paragraphs": [{"words": list(words)}]}]}
    return vision.AnnotateImageResponse({"full_text_annotation": {"pages": [page]}} | more)


TWO_LINES = answered(
    word("I", (0, 0, 5, 20), 0.5, "SPACE"),
    word("said", (10, 2, 40, 20), 0.75, "EOL_SURE_SPACE"),
    word("no", (20, 30, 40, 45), 1.0, "LINE_BREAK"),
)


def test_lines_end_at_the_breaks_that_the_service_detected():
    page = page_of(TWO_LINES, (100, 50))
    assert [line.text for line in page.lines] == ["I said", "no"]
    assert page.lines[0].box == Box(0.0, 0.0, 0.4, 0.4)
    assert page.lines[0].confidence == pytest.approx((0.5 + 4 * 0.75) / 5)
    assert [char.text for char in page.lines[1].chars] == ["n", "o"]


def test_a_call_sends_jpegs_and_hints_and_one_error_fails_one_picture():
    asked = []

    def answer(request):
        asked.append(request)
        broken = vision.AnnotateImageResponse({"error": {"code": 3, "message": "Bad image data."}})
        return vision.BatchAnnotateImagesResponse(responses=[TWO_LINES, broken])

    with served(answer) as engine:
        first, second = engine.recognize([SMALL, SMALL], ["de-AT"])
    assert len(first.lines) == 2
    assert second == OcrFailure("ocr_failed", "google-vision: Bad image data. (code 3)")
    (request,) = asked
    assert [one.image.content[:2] for one in request.requests] == [b"\xff\xd8"] * 2
    assert list(request.requests[0].image_context.language_hints) == ["de-AT"]
    assert request.requests[0].features[0].type_ == vision.Feature.Type.DOCUMENT_TEXT_DETECTION


def test_pictures_too_large_for_one_call_are_sent_in_several(monkeypatch):
    monkeypatch.setattr(GoogleVisionEngine, "max_bytes", 9000)
    noise = np.random.default_rng(1).integers(0, 255, (60, 80, 3), np.uint8)
    calls = []

    def answer(request):
        calls.append([len(one.image.content) for one in request.requests])
        return vision.BatchAnnotateImagesResponse(responses=[TWO_LINES] * len(request.requests))

    with served(answer) as engine:
        assert len(engine.recognize([noise, noise, noise], ())) == 3
    assert len(calls) > 1
    assert all(sum(sizes) <= 9000 for sizes in calls)


def test_a_refused_call_is_a_failure_of_the_batch():
    def answer(request):
        raise RuntimeError("boom")

    with served(answer) as engine, pytest.raises(OcrFailedError, match="google-vision"):
        engine.recognize([SMALL], ())
