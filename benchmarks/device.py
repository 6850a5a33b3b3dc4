"""What a graphics card does faster: ``python -m benchmarks.device [--seconds 10] [--frames 60] [--source FILE]``.

Prints Markdown: milliseconds per 1080p frame of decoding, cropping, painting and encoding, by the processor's own code
and by PyTorch on the card; the frames per second of a whole clip both ways; and how alike their pictures are. Without a
card it says so, and PyTorch runs on the processor.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
import torch

from benchmarks.overlay_drawing import ELLIPSES, look
from clipmill.engines.decode import PictureReader
from clipmill.engines.device.choice import SETTING, card_fault, card_name
from clipmill.engines.device.decoding import decoding_fault
from clipmill.engines.device.drawing import FramePainter, FramePlacer
from clipmill.engines.device.placing import DevicePlacer
from clipmill.engines.draw import ClipDrawer
from clipmill.engines.encoders import VideoEncoder, VideoFormat, available_codec
from clipmill.engines.overlap import ahead
from clipmill.engines.overlay.painter import Painter
from clipmill.engines.placing import PicturePlacer
from clipmill.engines.planes import Orientation
from clipmill.engines.probe import probe
from clipmill.engines.resample import samples
from clipmill.engines.sample_match import draw_match
from clipmill.media.choices import Effect, EncoderChoice, HighlightShape
from clipmill.media.framing import ClipPlan
from clipmill.media.geometry import Box, Placement, Size
from clipmill.media.info import VideoInfo
from clipmill.media.timeline import canonical_timeline
from clipmill.media.tracks import BoxTrack

TALL = Size(1080, 1920)
BOXES = {
    "enlarged to 1080x1920": (Box(656.25, 0.0, 607.5, 1080.0), TALL),
    "shrunk to 360x640": (Box(656.25, 0.0, 607.5, 1080.0), Size(360, 640)),
    "moved by a fraction": (Box(600.37, 20.61, 540.0, 960.0), Size(540, 960)),
    "over the edge": (Box(-30.3, -20.2, 540.0, 960.0), Size(540, 960)),
}
ANGLES = (0.0, 17.5)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--frames", type=int, default=60, help="of each measurement but those of the whole clip")
    parser.add_argument("--source", type=Path, help="1080p footage; the drawn match unless given")
    chosen = parser.parse_args()
    fault = card_fault()
    place = torch.device("cpu") if fault else card_name()[1]
    print(f"PyTorch {torch.__version__}, {os.cpu_count()} cores, " + (f"no card: {fault}" if fault else card_name()[0]))
    with tempfile.TemporaryDirectory() as folder:
        source = chosen.source or Path(folder) / "match.mp4"
        if chosen.source is None:
            draw_match(source, seconds=chosen.seconds, size=(1920, 1080))
        video = probe(source).video
        assert video is not None
        frames = [
            picture.frame for picture in islice(PictureReader(source, video).pictures(Fraction(0), video.duration), 30)
        ]
        print(shares(source, video, frames, place, chosen.frames), alikeness(video, frames[0], place), sep="\n\n")
        if fault is None:
            print("\n" + whole(source, video))
            print(f"\nPrivate memory of this process: {private_gib():.1f} GiB; RLIMIT_DATA has to allow for it.")


@dataclass(frozen=True)
class Cost:
    """Milliseconds of one frame."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.wall:.2f}, {self.cpu:.2f}"


class Watch:
    """Measures from its making on."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def cost(self, frames: int) -> Cost:
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        return Cost(wall / frames * 1000, cpu / frames * 1000)


def shares(source: Path, video: VideoInfo, frames: list[av.VideoFrame], place: torch.device, count: int) -> str:
    """What each part of the work costs, both ways."""
    placement = Placement(*BOXES["enlarged to 1080x1920"], 0, 0)
    placers = PicturePlacer(video, TALL), FramePlacer(DevicePlacer(video, TALL), place)
    tall = [placers[0].placed(frame, placement) for frame in frames]
    card = "not there" if decoding_fault() else decoding(source, video, on_card=True)
    rows: list[tuple[object, ...]] = [("decode", decoding(source, video, on_card=False), card)]
    crops = (repeated(frames, count, lambda frame, p=p: p.placed(frame, placement)) for p in placers)
    rows.append(("crop, 607.5x1080 to 1080x1920", *crops))
    rows.extend(painting(video, frames, place, count))
    rows.append(("encode 1080x1920", *(encoding(tall, choice) for choice in (EncoderChoice.X264, EncoderChoice.AUTO))))
    lines = ["| part | processor: wall, CPU ms | PyTorch or card: wall, CPU ms |", "|---|---|---|"]
    lines += [f"| {name} | {own} | {other} |" for name, own, other in rows]
    codec = available_codec(EncoderChoice.AUTO).value
    return "\n".join([*lines, "", f"Per frame; encoded with the settings of a deliverable, on the right with {codec}."])


def painting(
    video: VideoInfo, frames: list[av.VideoFrame], place: torch.device, count: int
) -> Iterator[tuple[object, ...]]:
    """Highlights that move, so that no frame repeats the one before."""
    lies = Orientation(video.size, video.displayed, 0, mirrored=False)
    moments = {id(frame): number / video.rate for number, frame in enumerate(frames)}
    for effect in (Effect.SPOTLIGHT, Effect.BRIGHTNESS_BOOST, Effect.BLUR):
        drawn = look(effect, HighlightShape.BODY, ELLIPSES["near player"], Fraction(9))
        marks = drawn.highlights(video.rate, Fraction(9), video.displayed)
        painters = Painter(marks), FramePainter(marks, (), place)
        costs = (repeated(frames, count, lambda f, p=p: p.paint(f, moments[id(f)], lies)) for p in painters)
        yield (f"highlight, {effect.value}", *costs)


def repeated(frames: list[av.VideoFrame], count: int, work: Callable[[av.VideoFrame], object]) -> Cost:
    """Of work that ends with frames in the processor's memory, once everything has been warmed up."""
    for frame in frames[:3]:
        work(frame)
    watch = Watch()
    for number in range(count):
        work(frames[number % len(frames)])
    return watch.cost(count)


def decoding(source: Path, video: VideoInfo, *, on_card: bool) -> Cost:
    """Of the whole source."""
    watch, reader = Watch(), PictureReader(source, video, on_card=on_card)
    return watch.cost(sum(1 for _ in reader.pictures(Fraction(0), video.duration)))


def encoding(frames: Iterable[av.VideoFrame], choice: EncoderChoice) -> Cost:
    """Of everything that makes the frames, too, if they are made on the way."""
    encoder = VideoEncoder(VideoFormat(TALL, Fraction(30), codec=available_codec(choice)))
    watch, count = Watch(), 0
    for count, frame in enumerate(frames, 1):
        frame.pts = count
        encoder.encode(frame)
    encoder.finish()
    return watch.cost(count)


def alikeness(video: VideoInfo, frame: av.VideoFrame, place: torch.device) -> str:
    """Mean error in levels and PSNR of luma, the device's pictures against the processor's."""
    lines = ["| picture | mean error, levels | PSNR, dB |", "|---|---|---|"]
    for name, (box, output) in BOXES.items():
        for angle in ANGLES:
            usual = PicturePlacer(video, output, angle)
            device = FramePlacer(DevicePlacer(video, output, angle), place)
            one, other = (
                samples(p.placed(frame, Placement(box, output, 0, 0)), 0).astype(float) for p in (usual, device)
            )
            error = float(np.mean((one - other) ** 2))
            psnr = 10 * np.log10(255**2 / error) if error else 99.0
            lines.append(f"| {name}, turned {angle:g} | {np.abs(one - other).mean():.3f} | {psnr:.1f} |")
    return "\n".join(lines)


def whole(source: Path, video: VideoInfo) -> str:
    """Frames per second of a clip with a moving crop, decoded, drawn and encoded."""
    keys = [(Fraction(0), Box(420.0, 0.0, 607.5, 1080.0)), (video.duration, Box(800.0, 0.0, 607.5, 1080.0))]
    crop = BoxTrack.from_keyframes(keys, default=keys[0][1])
    plan = ClipPlan(Fraction(0), canonical_timeline(None, video.duration), video.displayed, TALL, Fraction(30), crop)
    lines = ["| drawn by | encoded by | frames per second |", "|---|---|---|"]
    for name in ("cpu", "cuda"):
        for choice in (EncoderChoice.X264, EncoderChoice.AUTO):
            os.environ[SETTING] = name
            cost = encoding(ahead(ClipDrawer(plan, source, video).frames(), 3), choice)
            lines.append(f"| {name} | {available_codec(choice).value} | {1000 / cost.wall:.0f} |")
    return "\n".join(lines)


def private_gib() -> float:
    """What Linux counts against the bound on data."""
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmData:")) / 2**20


if __name__ == "__main__":
    main()
