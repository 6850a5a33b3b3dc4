"""Captions found in other ways: ``python -m benchmarks.captions.other_ways [--kinds N]``, needs the videos of ``boundaries``.

*every frame* reads each frame with the OCR of this package and joins neighbours whose texts are alike. *videocr* is the
extractor of that name from PyPI, run as its users run it on the band; it needs Tesseract and its English data, which it would
fetch: here they are linked from ``TESSDATA_PREFIX``. Tesseract 5 gives confidences with decimals, which videocr can't read,
so they are rounded on the way.
"""

import argparse
import os
import re
import time
from collections.abc import Callable
from difflib import SequenceMatcher
from pathlib import Path

import av
import numpy as np

from benchmarks.captions.boundaries import Tally, tallied
from benchmarks.captions.drawn import RATE, Drawn, Kind, draw
from clipmill.engines.ocr.choice import chosen_engine
from clipmill.engines.ocr.pages import OcrPage
from clipmill.media.captions.boundaries import PredictedCaption
from clipmill.media.captions.reading_order import text_of

Way = Callable[[Path], list[PredictedCaption]]
ALIKE = 0.7
CUE = re.compile(r"(\d+):(\d+):(\d+),(\d+) --> (\d+):(\d+):(\d+),(\d+)")


def every_frame(path: Path) -> list[PredictedCaption]:
    """Each frame read, neighbours with texts that are alike joined."""
    engine = chosen_engine("rapidocr", (), 2)
    with av.open(str(path)) as opened:
        pictures = [frame.to_ndarray(format="rgb24") for frame in opened.decode(video=0)]
    texts: list[str] = []
    for picture in pictures:
        page = engine.recognize([np.ascontiguousarray(picture)], ())[0]
        texts.append(text_of(page.lines) if isinstance(page, OcrPage) else "")
    return joined(texts)


def joined(texts: list[str]) -> list[PredictedCaption]:
    captions: list[PredictedCaption] = []
    start = 0
    for frame in range(1, len(texts) + 1):
        if frame == len(texts) or SequenceMatcher(None, texts[frame - 1], texts[frame]).ratio() < ALIKE:
            if texts[start]:
                captions.append(PredictedCaption(start, frame, 1.0))
            start = frame
    return captions


def videocr(path: Path) -> list[PredictedCaption]:
    """The cues that videocr writes; its end is the last frame seen, so one is added."""
    import pytesseract
    from videocr import constants, get_subtitles

    constants.TESSDATA_DIR = Path(os.environ["TESSDATA_PREFIX"])
    read = pytesseract.image_to_data

    def whole_numbers(*given: object, **named: object) -> str:
        return re.sub(r"\t(\d+)\.\d+\t", r"\t\1\t", read(*given, **named))

    pytesseract.image_to_data = whole_numbers
    try:
        cues = get_subtitles(str(path), use_fullframe=True)
    finally:
        pytesseract.image_to_data = read
    found = [[int(part) for part in match] for match in CUE.findall(cues)]
    return [PredictedCaption(_frame(*cue[:4]), _frame(*cue[4:]) + 1, 1.0) for cue in found]


def _frame(hours: int, minutes: int, seconds: int, thousandths: int) -> int:
    return round((hours * 3600 + minutes * 60 + seconds + thousandths / 1000) * RATE)


def measured(way: Way, videos: list[Drawn]) -> Tally:
    total = Tally()
    for drawn in videos:
        began = time.perf_counter()
        found = way(drawn.path)
        total += tallied(drawn, found, time.perf_counter() - began)
    return total


def main() -> None:
    """Print a row for each way that can run here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", type=int, default=len(Kind))
    parser.add_argument("--frames", type=int, default=600)
    parser.add_argument("--ways", nargs="*", default=["every_frame", "videocr"])
    parser.add_argument("--folder", type=Path, default=Path("bench-output") / "captions")
    chosen = parser.parse_args()
    videos = [draw(kind, 0, chosen.folder, frames=chosen.frames) for kind in list(Kind)[: chosen.kinds]]
    for name in chosen.ways:
        tally = measured({"every_frame": every_frame, "videocr": videocr}[name], videos)
        print(f"{tally.row(name)} {tally.frames / tally.seconds:.1f} frames a second", flush=True)


if __name__ == "__main__":
    main()
