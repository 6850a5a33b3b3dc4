"""Caption strips that are drawn for the tests, and engines that answer what a test tells them to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from clipmill.engines.ocr.engine import Page, Rgb
from clipmill.engines.ocr.pages import Box, OcrLine, OcrPage

FACE = files("clipmill.engines.lettering") / "faces" / "DejaVuSans.ttf"


def strip(*lines: str, width: int = 960, size: int = 32, ground: tuple[int, int, int] = (70, 95, 60)) -> Rgb:
    """White letters with a dark edge, the rows in the middle of the strip."""
    with FACE.open("rb") as file:
        face = ImageFont.truetype(file, size)
    image = Image.new("RGB", (width, int(size * (1 + 1.2 * max(1, len(lines))))), ground)
    place = (width / 2, image.height / 2)
    pen, look = ImageDraw.Draw(image), {"fill": "white", "stroke_width": 2, "stroke_fill": "black"}
    pen.multiline_text(place, "\n".join(lines), font=face, anchor="mm", align="center", **look)
    return np.asarray(image)


def line(text: str, confidence: float = 0.9, box: Box | None = None) -> OcrLine:
    return OcrLine(text, confidence, box or Box(0.1, 0.8, 0.9, 0.9))


def saying(*texts: str) -> OcrPage:
    return OcrPage(tuple(line(text) for text in texts))


@dataclass
class ToldEngine:
    """Answers every batch as ``answer`` says; keeps how many pictures each call had, and the pictures."""

    answer: Callable[[Sequence[Rgb]], Sequence[Page]]
    batch_size: int = 8
    name: str = "told"
    version: str = "1"
    languages: frozenset[str] = frozenset()
    max_pixels: int = 10**9
    max_bytes: int = 0
    calls: list[int] = field(default_factory=list)
    seen: list[Rgb] = field(default_factory=list)
    closed: bool = False

    def recognize(self, images: Sequence[Rgb], languages: Sequence[str]) -> Sequence[Page]:
        self.calls.append(len(images))
        self.seen += images
        return self.answer(images)

    def close(self) -> None:
        self.closed = True
