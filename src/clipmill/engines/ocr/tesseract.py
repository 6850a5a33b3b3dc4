"""``tesseract``: the program of that name, with the language data that is installed beside it."""

import csv
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import cv2

from clipmill.engines.ocr.engine import Page, Rgb, shrunk
from clipmill.engines.ocr.languages import Hint, read_hints
from clipmill.engines.ocr.pages import Box, OcrFailure, OcrLine, OcrPage, OcrPart, box_around
from clipmill.errors import InvalidParameterError, OcrUnavailableError
from clipmill.media.captions.reading_order import weighted_confidence

PROGRAM = "tesseract"
LONGEST_S = 120
STRIP_RATIO = 4
ONE_BLOCK, SCATTERED = "6", "11"
"""How the program takes a picture to be laid out: a strip holds lines of one text, a frame words anywhere."""
_WORD = "5"
_SIGNS_NOT_WORDS = frozenset({"zh", "ja"})

CODES = {
    "ar": "ara", "bg": "bul", "ca": "cat", "cs": "ces", "da": "dan", "de": "deu", "el": "ell", "en": "eng", "es": "spa",
    "et": "est", "eu": "eus", "fa": "fas", "fi": "fin", "fr": "fra", "gl": "glg", "he": "heb", "hi": "hin", "hr": "hrv",
    "hu": "hun", "id": "ind", "is": "isl", "it": "ita", "ja": "jpn", "ko": "kor", "lt": "lit", "lv": "lav", "nb": "nor",
    "nl": "nld", "no": "nor", "pl": "pol", "pt": "por", "ro": "ron", "ru": "rus", "sk": "slk", "sl": "slv", "sr": "srp",
    "sv": "swe", "th": "tha", "tr": "tur", "uk": "ukr", "vi": "vie", "zh": "chi_sim",
}  # fmt: skip
"""What the program calls languages."""


class TesseractEngine:
    """Runs the program once for each picture."""

    name = "tesseract"
    max_pixels = 4096 * 4096
    max_bytes = 0
    batch_size = 1

    def __init__(self, threads: int) -> None:
        found = shutil.which(PROGRAM)
        if found is None:
            raise OcrUnavailableError(
                f"the program {PROGRAM} is not on the PATH. Install it (apt-get install tesseract-ocr), or choose another ocr_engine."
            )
        self._program = found
        self._threads = threads
        self.version = _told(found, "--version").splitlines()[0].removeprefix(f"{PROGRAM} ")
        self._installed = frozenset(_told(found, "--list-langs").splitlines()[1:])
        self.languages = frozenset(tag for tag, code in CODES.items() if code in self._installed)

    def recognize(self, images: Sequence[Rgb], languages: Sequence[str]) -> list[Page]:
        """Read pictures, each by a run of its own; without hints, English or what else is installed."""
        hints = read_hints(languages)
        codes = "+".join(dict.fromkeys(map(self._code, hints))) or self._default()
        spaced = not any(hint.language in _SIGNS_NOT_WORDS for hint in hints)
        return [self._page(shrunk(image, self.max_pixels), codes, spaced=spaced) for image in images]

    def close(self) -> None:
        """Every run has ended with its picture."""

    def _code(self, hint: Hint) -> str:
        code = "chi_tra" if hint.language == "zh" and hint.script == "Hant" else CODES.get(hint.language, "")
        if code not in self._installed:
            raise InvalidParameterError(
                f"languages: {PROGRAM} has no data for {hint.tag!r} here; it has {', '.join(sorted(self.languages))}. "
                f"Install it (apt-get install tesseract-ocr-{(code or hint.language).replace('_', '-')}), or leave the hint out.",
                details={"field": "languages"},
            )
        return code

    def _default(self) -> str:
        codes = sorted(self._installed - {"osd", "equ"}, key=lambda code: (code != "eng", code))
        if not codes:
            raise OcrUnavailableError(
                f"{PROGRAM} has no language data. Install some (apt-get install tesseract-ocr-eng)."
            )
        return codes[0]

    def _page(self, image: Rgb, codes: str, *, spaced: bool) -> Page:
        height, width = image.shape[:2]
        layout = ONE_BLOCK if width >= STRIP_RATIO * height else SCATTERED
        # A portable pixmap is the pixels with a line in front: nothing to compress, nothing to decode.
        picture = cv2.imencode(".ppm", image[..., ::-1])[1].tobytes()
        try:
            done = subprocess.run(
                [self._program, "-", "-", "-l", codes, "--psm", layout, "tsv"],
                input=picture,
                capture_output=True,
                check=True,
                timeout=LONGEST_S,
                env={**os.environ, "OMP_THREAD_LIMIT": str(self._threads)},
            )
        except subprocess.TimeoutExpired:
            return OcrFailure("ocr_failed", f"{PROGRAM} took longer than {LONGEST_S} s")
        except subprocess.CalledProcessError as fault:
            return OcrFailure(
                "ocr_failed", f"{PROGRAM} ended with {fault.returncode}: {fault.stderr[-300:].decode(errors='replace')}"
            )
        return page_of(done.stdout.decode(), (width, height), spaced=spaced)


@dataclass(frozen=True, slots=True)
class _Word:
    """A row of the word table."""

    line: tuple[str, ...]
    part: OcrPart


def page_of(table: str, size: tuple[int, int], *, spaced: bool = True) -> OcrPage:
    """The lines of a word table; words without a confidence are none."""
    by_line = groupby(_words(table, size), key=lambda word: word.line)
    return OcrPage(tuple(_line([word.part for word in words], spaced=spaced) for _, words in by_line))


def _words(table: str, size: tuple[int, int]) -> Iterator[_Word]:
    for row in csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        confidence = float(row["conf"])
        text = (row["text"] or "").strip()
        left, top, width, height = (int(row[name]) for name in ("left", "top", "width", "height"))
        box = box_around([(left, top), (left + width, top + height)], *size)
        if row["level"] == _WORD and confidence >= 0 and text and box:
            place = tuple(row[name] for name in ("page_num", "block_num", "par_num", "line_num"))
            yield _Word(place, OcrPart(text, min(confidence / 100, 1.0), box))


def _line(words: Sequence[OcrPart], *, spaced: bool) -> OcrLine:
    boxes = [word.box for word in words]
    return OcrLine(
        text=(" " if spaced else "").join(word.text for word in words),
        confidence=weighted_confidence((word.text, word.confidence or 0.0) for word in words),
        box=Box(
            min(box.left for box in boxes),
            min(box.top for box in boxes),
            max(box.right for box in boxes),
            max(box.bottom for box in boxes),
        ),
        words=tuple(words),
    )


def _told(program: str, question: str) -> str:
    try:
        return subprocess.run([program, question], capture_output=True, check=True, timeout=LONGEST_S, text=True).stdout
    except (OSError, subprocess.SubprocessError) as fault:
        raise OcrUnavailableError(f"{program} {question} failed ({fault}). Install the program again.") from fault
