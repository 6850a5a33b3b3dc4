"""``rapidocr``: the reader that needs nothing but the installed packages."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby

import numpy as np

from clipmill.engines.ocr.detection import TextDetector
from clipmill.engines.ocr.engine import Page, Rgb, shrunk
from clipmill.engines.ocr.languages import read_hints, refuse_unreadable
from clipmill.engines.ocr.lines import LineCut, cut_closer, cut_lines
from clipmill.engines.ocr.networks import DETECTION, RECOGNITION, Network, network_path, package_version
from clipmill.engines.ocr.opening_marks import OPENING_MARKS, with_opening_marks
from clipmill.engines.ocr.pages import OcrLine, OcrPage, OcrPart, Point, box_around, corners
from clipmill.engines.ocr.recognition import LineReader, Sign

LEAST_CONFIDENCE, LEAST_OF_SHORT = 0.5, 0.9
"""Below this a line is texture, not text; where there are only a sign or two, texture is easily taken for them."""
SHORT = 2
FEWEST_SIGNS, SHORTEST_JUDGED = 0.4, 3
"""Signs for each height of a line's width, from a line of three heights on: with fewer, most of it was not read."""
DOUBT = 0.9
"""A line with a sign below this is cut and read once more; the reading that is surer on average counts."""
MOST_AT_ONCE = 4
"""Pictures; text is looked for on one of them at a time, so that more would only wait."""
SCRIPTS = frozenset({"Latn", "Hans", "Hant", "Hani", "Jpan", "Hira", "Kana", "Hrkt"})
LANGUAGES = frozenset(
    [
        "af",
        "az",
        "bs",
        "ca",
        "cs",
        "cy",
        "da",
        "de",
        "en",
        "es",
        "et",
        "eu",
        "fi",
        "fr",
        "ga",
        "gl",
        "hr",
        "hu",
        "id",
        "is",
        "it",
        "ja",
        "la",
        "lb",
        "lt",
        "lv",
        "mi",
        "ms",
        "mt",
        "nb",
        "nl",
        "nn",
        "no",
        "oc",
        "pl",
        "pt",
        "qu",
        "rm",
        "ro",
        "sk",
        "sl",
        "sq",
        "sv",
        "sw",
        "tl",
        "tr",
        "uz",
        "zh",
    ]
)
"""Languages whose letters the network knows, all of them; Arabic, Cyrillic, Greek, Hangul and Vietnamese ones it does not."""


class RapidEngine:
    """Finds text, cuts out whole lines, reads each in one go; several pictures at a time, each on a thread of its own."""

    name = "rapidocr"
    languages = LANGUAGES
    max_pixels = 4096 * 4096
    max_bytes = 0
    batch_size = MOST_AT_ONCE

    def __init__(self, threads: int) -> None:
        self.version = package_version()
        self._detector = TextDetector(Network(network_path(DETECTION)))
        self._reader = LineReader(Network(network_path(RECOGNITION)))
        self._pool = ThreadPoolExecutor(min(max(1, threads), MOST_AT_ONCE), "clipmill-ocr")

    def recognize(self, images: Sequence[Rgb], languages: Sequence[str]) -> list[Page]:
        """Read pictures; one network reads all languages, hints only tell whether to look for what Spanish alone has."""
        hints = read_hints(languages)
        refuse_unreadable(hints, self.name, self.languages, SCRIPTS)
        spanish = not hints or any(hint.language in OPENING_MARKS for hint in hints)
        return list(self._pool.map(partial(self._page, spanish=spanish), images))

    def close(self) -> None:
        self._pool.shutdown()

    def _page(self, picture: Rgb, *, spanish: bool) -> OcrPage:
        image = shrunk(picture, self.max_pixels)
        size = (image.shape[1], image.shape[0])
        read = self._read(image, spanish=spanish)
        understood = [(cut, signs) for cut, signs in read if not _is_unread(cut, signs)]
        lines = (_line(cut, signs, size) for cut, signs in understood)
        return OcrPage(tuple(line for line in lines if line and _is_text(line)), unread=len(read) - len(understood))

    def _read(self, image: Rgb, *, spanish: bool) -> list[tuple[LineCut, list[Sign]]]:
        """Every line with its signs."""
        cuts = cut_lines(image, self._detector.pieces(image))
        read = self._reader.read([cut.image for cut in cuts])
        doubtful = [at for at, signs in enumerate(read) if signs and min(sign.confidence for sign in signs) < DOUBT]
        closer = {at: cut_closer(image, cuts[at]) for at in doubtful}
        again = self._reader.read([cut.image for cut in closer.values()])
        for (at, cut), signs in zip(closer.items(), again, strict=True):
            if _sureness(signs) > _sureness(read[at]):
                cuts[at], read[at] = cut, signs
        if spanish:
            read = [with_opening_marks(self._reader, cut.image, signs) for cut, signs in zip(cuts, read, strict=True)]
        return list(zip(cuts, read, strict=True))


def _is_unread(cut: LineCut, signs: Sequence[Sign]) -> bool:
    """Whether a line is of a script that the network does not know: it then keeps silent about most of it."""
    along, across = cut.found[1] - cut.found[0], cut.found[3] - cut.found[0]
    ratio = float(np.linalg.norm(along) / max(float(np.linalg.norm(across)), 1.0))
    written = sum(not sign.text.isspace() for sign in signs)
    return ratio >= SHORTEST_JUDGED and written < FEWEST_SIGNS * ratio


def _is_text(line: OcrLine) -> bool:
    return line.confidence >= (LEAST_OF_SHORT if len(line.chars) <= SHORT else LEAST_CONFIDENCE)


def _sureness(signs: Sequence[Sign]) -> float:
    """The mean of what is written, without the spaces; 0.0 without any."""
    written = [sign.confidence for sign in signs if not sign.text.isspace()]
    return sum(written) / len(written) if written else 0.0


def _line(cut: LineCut, signs: Sequence[Sign], size: tuple[int, int]) -> OcrLine | None:
    written = [sign for sign in signs if not sign.text.isspace()]
    quad = [(float(x), float(y)) for x, y in cut.found]
    box = box_around(quad, *size)
    if not written or box is None:
        return None
    return OcrLine(
        text="".join(sign.text for sign in signs),
        confidence=_sureness(written),
        box=box,
        polygon=corners(quad, *size),
        words=tuple(_parts(cut, _words(signs), size)),
        chars=tuple(_parts(cut, written, size)),
    )


def _words(signs: Sequence[Sign]) -> Iterator[Sign]:
    """What stands between spaces, each as one sign."""
    for blank, run in groupby(signs, key=lambda sign: sign.text.isspace()):
        if not blank:
            word = list(run)
            yield Sign("".join(sign.text for sign in word), _sureness(word), word[0].start, word[-1].end)


def _parts(cut: LineCut, signs: Sequence[Sign] | Iterator[Sign], size: tuple[int, int]) -> Iterator[OcrPart]:
    for sign in signs:
        if box := box_around(_points(cut, sign.start, sign.end), *size):
            yield OcrPart(sign.text, sign.confidence, box)


def _points(cut: LineCut, start: float, end: float) -> list[Point]:
    """The corners of a part of a line, in pixels of the picture."""
    first, second, third, fourth = cut.corners
    along = [first + (second - first) * start, first + (second - first) * end]
    back = [fourth + (third - fourth) * end, fourth + (third - fourth) * start]
    return [(float(x), float(y)) for x, y in (*along, *back)]
