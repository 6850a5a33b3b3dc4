"""Reading many pictures when some of them fail: what fails in company is tried once more alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clipmill.engines.ocr.engine import OcrEngine, Page, Rgb
from clipmill.engines.ocr.pages import OcrFailure
from clipmill.errors import Cancelled, ClipmillError, OutOfSpace

_NOT_THE_PICTURES = (Cancelled, OutOfSpace)


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of one picture, after one attempt or two."""

    page: Page
    attempts: int


def read_pictures(engine: OcrEngine, images: Sequence[Rgb], languages: Sequence[str]) -> Iterator[Reading]:
    """Read pictures in batches of the engine's size, in order; each that failed in its batch is tried alone once."""
    for start in range(0, len(images), engine.batch_size):
        batch = images[start : start + engine.batch_size]
        for image, page in zip(batch, _tried(engine, batch, languages), strict=True):
            if isinstance(page, OcrFailure):
                yield Reading(_tried(engine, [image], languages)[0], 2)
            else:
                yield Reading(page, 1)


def _tried(engine: OcrEngine, images: Sequence[Rgb], languages: Sequence[str]) -> Sequence[Page]:
    """One answer for each picture; where the engine raises, every answer is that failure."""
    try:
        pages = engine.recognize(images, languages)
    except _NOT_THE_PICTURES:
        raise
    except ClipmillError as fault:
        return [OcrFailure(fault.code, fault.message)] * len(images)
    except Exception as fault:  # noqa: BLE001 - a foreign engine may raise anything; it is recorded, not hidden
        return [OcrFailure("ocr_failed", f"{type(fault).__name__}: {fault!s:.500}")] * len(images)
    if len(pages) != len(images):
        message = f"{engine.name} gave {len(pages)} answers for {len(images)} pictures"
        return [OcrFailure("ocr_failed", message)] * len(images)
    return pages
