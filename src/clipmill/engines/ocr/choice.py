"""Which reader a call gets; one that cannot start says so before anything is downloaded."""

import os
from collections.abc import Mapping, Sequence
from enum import StrEnum

from clipmill.engines.ocr.engine import OcrEngine
from clipmill.engines.ocr.languages import read_hints
from clipmill.errors import InvalidParameterError

SETTING = "CLIPMILL_OCR_ENGINE"


class EngineName(StrEnum):
    """The readers there are."""

    RAPIDOCR = "rapidocr"
    TESSERACT = "tesseract"
    GOOGLE_VISION = "google-vision"


def chosen_engine(
    name: str | None, languages: Sequence[str], threads: int, environment: Mapping[str, str] = os.environ
) -> OcrEngine:
    """The reader of that name, else the one that the environment names, else rapidocr; it can read the languages."""
    chosen = engine_name(name, environment)
    read_hints(languages)
    engine = _started(chosen, threads, environment)
    # An empty batch asks for nothing but the languages.
    engine.recognize([], languages)
    return engine


def engine_name(name: str | None, environment: Mapping[str, str] = os.environ) -> EngineName:
    """Which reader is meant; an unknown name is refused."""
    wanted = name or environment.get(SETTING) or EngineName.RAPIDOCR
    try:
        return EngineName(wanted)
    except ValueError:
        origin = "ocr_engine" if name else SETTING
        raise InvalidParameterError(
            f"{origin}: expected one of {', '.join(EngineName)}, got {wanted!r:.80}.", details={"field": "ocr_engine"}
        ) from None


def _started(name: EngineName, threads: int, environment: Mapping[str, str]) -> OcrEngine:
    match name:
        case EngineName.RAPIDOCR:
            from clipmill.engines.ocr.rapid import RapidEngine

            return RapidEngine(threads)
        case EngineName.TESSERACT:
            from clipmill.engines.ocr.tesseract import TesseractEngine

            return TesseractEngine(threads)
        case EngineName.GOOGLE_VISION:
            from clipmill.engines.ocr.google_vision import CREDENTIALS, GoogleVisionEngine

            return GoogleVisionEngine.connected(environment.get(CREDENTIALS))
