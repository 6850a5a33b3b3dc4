"""Captions found in other ways: ``python -m benchmarks.captions.other_ways [--kinds N]``, needs the videos of ``boundaries``.

With ``--video PATH --region LEFT,TOP,RIGHT,BOTTOM`` instead: the CPU seconds of `clipmill captions`, which finds the region by
itself, against those of decoding the video once and reading every band, of which one in ten is read and counted ten times.

*every frame* reads each frame with the OCR of this package and joins neighbours whose texts are alike. *videocr* is the
extractor of that name from PyPI, run as its users run it on the band; it needs Tesseract and its English data, which it would
fetch: here they are linked from ``TESSDATA_PREFIX``. Tesseract 5 gives confidences with decimals, which videocr can't read,
so they are rounded on the way.
"""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Callable
from difflib import SequenceMatcher
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np

from benchmarks.captions.boundaries import Tally, tallied
from benchmarks.captions.drawn import RATE, Drawn, Kind, draw
from clipmill.engines.caption_frames import CaptionFrames
from clipmill.engines.ocr.choice import chosen_engine
from clipmill.engines.ocr.pages import OcrPage
from clipmill.engines.probe import probe, require_video
from clipmill.media.captions.boundaries import PredictedCaption
from clipmill.media.captions.reading_order import text_of
from clipmill.media.captions.region import CropRegion, pixel_rect
from clipmill.media.captions.sampling import sample_count

Way = Callable[[Path], list[PredictedCaption]]
ALIKE = 0.7
READ = 10
"""Of so many bands, one is read where only the time counts."""
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


def cpu_s() -> float:
    """CPU seconds of this process and all that have ended below it."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def command_s(video: Path) -> float:
    """CPU seconds of `clipmill captions`."""
    began = cpu_s()
    with TemporaryDirectory() as folder:
        start = "from clipmill.cli.main import main; main()"
        subprocess.run([sys.executable, "-c", start, "captions", video, "-o", Path(folder) / "o.srt"], check=True)
    return cpu_s() - began


def every_band_s(path: Path, region: CropRegion) -> float:
    """CPU seconds of reading a video's band ten times a second."""
    video, rate = require_video(probe(path)), Fraction(RATE)
    band, count = pixel_rect(region, video.displayed), sample_count(video.duration, rate)
    engine = chosen_engine("rapidocr", (), 2)
    began, reading = cpu_s(), 0.0
    for frame in CaptionFrames(path, video, band, rate, count, threads=1).frames():
        if frame.index % READ == 0:
            before = cpu_s()
            engine.recognize([frame.rgb], ())
            reading += cpu_s() - before
    return cpu_s() - began + (READ - 1) * reading


def measured(way: Way, videos: list[Drawn]) -> Tally:
    total = Tally()
    for drawn in videos:
        began = cpu_s()
        found = way(drawn.path)
        total += tallied(drawn, found, cpu_s() - began)
    return total


def main() -> None:
    """Print a row for each way that can run here, or what a video costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", type=int, default=len(Kind))
    parser.add_argument("--frames", type=int, default=600)
    parser.add_argument("--ways", nargs="*", default=["every_frame", "videocr"])
    parser.add_argument("--folder", type=Path, default=Path("bench-output") / "captions")
    parser.add_argument("--video", type=Path)
    parser.add_argument("--region", default="0.1,0.8,0.9,1.0")
    chosen = parser.parse_args()
    if chosen.video:
        ours = command_s(chosen.video)
        every = every_band_s(chosen.video, CropRegion(*map(float, chosen.region.split(","))))
        print(f"clipmill captions {ours:.1f} CPU s, every band {every:.1f}, {every / ours:.1f} times as much")
        return
    videos = [draw(kind, 0, chosen.folder, frames=chosen.frames) for kind in list(Kind)[: chosen.kinds]]
    for name in chosen.ways:
        tally = measured({"every_frame": every_frame, "videocr": videocr}[name], videos)
        print(f"{tally.row(name)} {tally.seconds / tally.frames:.3f} CPU s a frame", flush=True)


if __name__ == "__main__":
    main()
