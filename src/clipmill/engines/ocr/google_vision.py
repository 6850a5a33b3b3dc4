"""``google-vision``: the service of that name, through its own client; an extra of the package."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import cv2

from clipmill.engines.ocr.engine import Page, Rgb, shrunk
from clipmill.engines.ocr.languages import read_hints
from clipmill.engines.ocr.pages import OcrFailure, OcrLine, OcrPage, OcrPart, Point, box_around
from clipmill.errors import CredentialsMissingError, OcrFailedError, OcrUnavailableError
from clipmill.media.captions.reading_order import weighted_confidence

CREDENTIALS = "GOOGLE_APPLICATION_CREDENTIALS_JSON"
LONGEST_S = 60
_JPEG_QUALITY = 95


class GoogleVisionEngine:
    """Asks the service for the text of whole documents, several pictures a call."""

    name = "google-vision"
    languages: frozenset[str] = frozenset()
    max_pixels = 75_000_000
    max_bytes = 7_000_000
    """For a call: the service takes 10 MB, counted as text in base 64."""
    batch_size = 16

    def __init__(self, client: Any) -> None:
        self._client = client
        self.version = _vision().__version__

    @classmethod
    def connected(cls, credentials: str | None) -> "GoogleVisionEngine":
        """With the credentials of a service account, given as the text of their JSON file."""
        vision = _vision()
        if not credentials:
            raise CredentialsMissingError(
                f"google-vision: the setting {CREDENTIALS} is missing. Set it to the text of the JSON key of a service account."
            )
        from google.oauth2 import service_account

        try:
            account = service_account.Credentials.from_service_account_info(json.loads(credentials))
        except (ValueError, TypeError) as fault:
            raise CredentialsMissingError(
                f"google-vision: the setting {CREDENTIALS} holds no JSON key of a service account. Copy the whole text of the file."
            ) from fault
        return cls(vision.ImageAnnotatorClient(credentials=account))

    def recognize(self, images: Sequence[Rgb], languages: Sequence[str]) -> list[Page]:
        """Read pictures; an error told for one of them fails that one only."""
        hints = [hint.tag for hint in read_hints(languages)]
        sent = [shrunk(image, self.max_pixels) for image in images]
        encoded = [self._encoded(image) for image in sent]
        pages: list[Page] = []
        for call in _calls([len(data) for data in encoded], self.max_bytes):
            pages += self._asked([encoded[at] for at in call], [sent[at] for at in call], hints)
        return pages

    def close(self) -> None:
        """End the connection."""
        self._client.transport.close()

    def _encoded(self, image: Rgb) -> bytes:
        """As JPEG; made smaller until it fits into a call."""
        while True:
            data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes()
            if len(data) <= self.max_bytes:
                return data
            image = shrunk(image, image.shape[0] * image.shape[1] // 2)

    def _asked(self, encoded: Sequence[bytes], images: Sequence[Rgb], hints: Sequence[str]) -> list[Page]:
        from google.api_core.exceptions import GoogleAPIError

        vision = _vision()
        kind = vision.Feature(type_=vision.Feature.Type.DOCUMENT_TEXT_DETECTION)
        context = vision.ImageContext(language_hints=list(hints))
        requests = [
            vision.AnnotateImageRequest(image=vision.Image(content=data), features=[kind], image_context=context)
            for data in encoded
        ]
        try:
            told = self._client.batch_annotate_images(requests=requests, timeout=LONGEST_S)
        except GoogleAPIError as fault:
            raise OcrFailedError(f"google-vision: {fault!s:.500}. Try again later.") from fault
        answers = list(told.responses)
        if len(answers) != len(images):
            raise OcrFailedError(f"google-vision: {len(answers)} answers for {len(images)} pictures. Try again later.")
        return [
            page_of(answer, (image.shape[1], image.shape[0])) for answer, image in zip(answers, images, strict=True)
        ]


@dataclass
class _OpenLine:
    """A line whose end is not yet found."""

    text: str = ""
    words: list[OcrPart] = field(default_factory=list[OcrPart])
    chars: list[OcrPart] = field(default_factory=list[OcrPart])
    points: list[Point] = field(default_factory=list[Point])

    def closed(self, size: tuple[float, float]) -> OcrLine | None:
        box = box_around(self.points, *size) if self.points else None
        text = self.text.strip()
        if not text or box is None:
            return None
        sureness = weighted_confidence((word.text, word.confidence or 0.0) for word in self.words)
        return OcrLine(text, min(max(sureness, 0.0), 1.0), box, None, tuple(self.words), tuple(self.chars))


def page_of(answer: Any, sent: tuple[int, int]) -> Page:
    """The lines of one answer; ``sent`` is the size of the picture, which a page may tell differently."""
    if answer.error.code or answer.error.message:
        return OcrFailure("ocr_failed", f"google-vision: {answer.error.message} (code {answer.error.code})")
    lines: list[OcrLine] = []
    for page in answer.full_text_annotation.pages:
        size = (page.width or sent[0], page.height or sent[1])
        for block in page.blocks:
            for paragraph in block.paragraphs:
                lines += (line for line in (one.closed(size) for one in _lines(paragraph, size)) if line)
    return OcrPage(tuple(lines))


def _lines(paragraph: Any, size: tuple[float, float]) -> Iterator[_OpenLine]:
    """The lines of a paragraph, told apart by the breaks at their last signs."""
    line = _OpenLine()
    for word in paragraph.words:
        points = _vertices(word.bounding_box, size)
        line.points += points
        letters = "".join(symbol.text for symbol in word.symbols)
        if box := box_around(points, *size):
            line.words.append(OcrPart(letters, word.confidence, box))
        ended = False
        for symbol in word.symbols:
            before, after, ends = _gap(symbol)
            line.text += before + symbol.text + after
            if box := box_around(_vertices(symbol.bounding_box, size), *size):
                line.chars.append(OcrPart(symbol.text, symbol.confidence or None, box))
            ended = ended or ends
        if ended:
            yield line
            line = _OpenLine()
    yield line


def _gap(symbol: Any) -> tuple[str, str, bool]:
    """What stands before and behind a sign, and whether the line ends with it."""
    found = symbol.property.detected_break
    kinds = _vision().TextAnnotation.DetectedBreak.BreakType
    if found.type_ in (kinds.SPACE, kinds.SURE_SPACE):
        return (" ", "", False) if found.is_prefix else ("", " ", False)
    return "", "", found.type_ in (kinds.EOL_SURE_SPACE, kinds.HYPHEN, kinds.LINE_BREAK)


def _vertices(outline: Any, size: tuple[float, float]) -> list[Point]:
    """The corners in pixels; a coordinate that is not told is 0."""
    if outline.vertices:
        return [(vertex.x, vertex.y) for vertex in outline.vertices]
    found = [(vertex.x * size[0], vertex.y * size[1]) for vertex in outline.normalized_vertices]
    return found or [(0.0, 0.0)]


def _calls(sizes: Sequence[int], most: int) -> Iterator[list[int]]:
    """Places of pictures that fit into one call, in order."""
    call: list[int] = []
    for at, size in enumerate(sizes):
        if call and sum(sizes[one] for one in call) + size > most:
            yield call
            call = []
        call.append(at)
    if call:
        yield call


def _vision() -> Any:
    try:
        from google.cloud import vision
    except ImportError as fault:
        raise OcrUnavailableError(
            "google-vision: its client is not installed. Install it with pip install 'clipmill[google]', or choose another ocr_engine."
        ) from fault
    return cast("Any", vision)
