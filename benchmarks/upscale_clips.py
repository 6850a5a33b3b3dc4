"""Frames per second of clips that a network draws: ``python -m benchmarks.upscale_clips [--crops 540x960,607x1080] [--frames 120]``.

A crop of a drawn 1080p match, decoded, enlarged, sampled to the output and encoded by x264, against the loop that is usually
written for it: frame by frame, the whole of the large picture fetched as bytes, resized by OpenCV. Both run one after the other in each round, on
the card where one is, else on the processor, for which ``--source 320x180 --crops 48x64 --output 96x128 --frames 6`` is enough to wait for.
Weights are random, which cost what others do. What each part of the work takes by itself is told below.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import torch

from benchmarks.upscale import NETWORKS
from clipmill.engines.decode import PictureReader
from clipmill.engines.device.choice import card_fault, card_name, device
from clipmill.engines.draw import ClipDrawer
from clipmill.engines.encoders import VideoEncoder, VideoFormat
from clipmill.engines.overlap import ahead
from clipmill.engines.probe import probe, require_video
from clipmill.engines.sample_match import draw_match
from clipmill.engines.upscale.enlarging import Enlarger
from clipmill.engines.upscale.loading import loaded
from clipmill.engines.upscale.weights import Weights, digest_of
from clipmill.media.choices import UpscaleModel
from clipmill.media.framing import ClipPlan
from clipmill.media.geometry import Box, Size
from clipmill.media.info import VideoInfo
from clipmill.media.timeline import canonical_timeline
from clipmill.media.tracks import BoxTrack


@dataclass(frozen=True)
class Clip:
    """A crop of a source, drawn larger by a network."""

    source: Path
    video: VideoInfo
    weights: Weights
    crop: Size
    output: Size
    frames: int

    @property
    def left(self) -> int:
        return (self.video.displayed.width - self.crop.width) // 2

    @property
    def top(self) -> int:
        return (self.video.displayed.height - self.crop.height) // 2

    def plan(self) -> ClipPlan:
        box = Box(self.left, self.top, self.crop.width, self.crop.height)
        timeline = canonical_timeline(None, self.frames / self.video.rate)
        track = BoxTrack.from_keyframes([(Fraction(0), box)], default=box)
        return ClipPlan(Fraction(0), timeline, self.video.displayed, self.output, self.video.rate, crop=track)

    def drawn(self) -> Iterator[av.VideoFrame]:
        """By clipmill."""
        return ClipDrawer(self.plan(), self.source, self.video, weights=self.weights).frames()

    def drawn_usually(self) -> Iterator[av.VideoFrame]:
        """By the usual loop."""
        place = device()
        network = loaded(self.weights, place)
        precision = next(network.parameters()).dtype
        for number, picture in enumerate(self.pictures()):
            array = picture.to_ndarray(format="rgb24")[self.top :, self.left :][: self.crop.height, : self.crop.width]
            seen = torch.from_numpy(np.ascontiguousarray(array)).permute(2, 0, 1)[None].to(place).to(precision) / 255
            with torch.no_grad():
                large = network(seen).clamp(0, 1)[0].permute(1, 2, 0).float().cpu().numpy()
            levels = (large * 255).round().astype(np.uint8)
            small = cv2.resize(levels, (self.output.width, self.output.height), interpolation=cv2.INTER_LANCZOS4)
            frame = av.VideoFrame.from_ndarray(np.asarray(small, np.uint8), format="rgb24").reformat(format="yuv420p")
            frame.pts = number
            yield frame

    def pictures(self) -> Iterator[av.VideoFrame]:
        reader = PictureReader(self.source, self.video)
        found = reader.pictures(Fraction(0), self.frames / self.video.rate)
        return (picture.frame for picture in found)


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    if card_fault() is None:
        torch.cuda.synchronize()
    return time.perf_counter() - started


def encoded(frames: Iterator[av.VideoFrame], form: VideoFormat) -> None:
    encoder = VideoEncoder(form)
    for frame in frames:
        encoder.encode(frame)
    encoder.finish()


def rounds(clip: Clip, count: int) -> str:
    """Frames per second of both ways, and the median of their ratios."""
    form = VideoFormat(clip.output, clip.video.rate)
    ways = (lambda: encoded(clip.drawn_usually(), form), lambda: encoded(ahead(clip.drawn(), 3), form))
    for way in ways:
        way()
    pairs = [tuple(seconds(way) for way in ways) for _ in range(count)]
    usual, own = (clip.frames / statistics.median(pair[which] for pair in pairs) for which in (0, 1))
    ratio = statistics.median(theirs / mine for theirs, mine in pairs)
    name = (
        f"{clip.weights.model.value}, {clip.crop.width}x{clip.crop.height} to {clip.output.width}x{clip.output.height}"
    )
    return f"| {name} | {usual:.2f} | {own:.2f} | {ratio:.2f} |"


def shares(clip: Clip) -> str:
    """Milliseconds of a frame that each part takes by itself."""
    network = loaded(clip.weights, device())
    enlarger = Enlarger(network)
    batch = enlarger.at_once(clip.crop)
    seen = torch.rand(batch, 3, clip.crop.height, clip.crop.width, device=device())
    enlarger.enlarged(seen)
    repeats = max(1, clip.frames // batch)
    frames = list(clip.drawn())
    parts = {
        "decode": seconds(lambda: sum(1 for _ in clip.pictures())) / clip.frames,
        f"network, {batch} at once": seconds(lambda: [enlarger.enlarged(seen) for _ in range(repeats)])
        / repeats
        / batch,
        "decode, network, sampling, colour": seconds(lambda: sum(1 for _ in clip.drawn())) / clip.frames,
        "encode": seconds(lambda: encoded(iter(frames), VideoFormat(clip.output, clip.video.rate))) / clip.frames,
    }
    told = "; ".join(f"{part} {1000 * taken:.1f}" for part, taken in parts.items())
    return f"{clip.weights.model.value}, {clip.crop.width}x{clip.crop.height}: {told} ms."


def random_weights(model: UpscaleModel, folder: Path) -> Weights:
    torch.manual_seed(0)
    path = folder / f"{model.value}.pth"
    torch.save({"params": NETWORKS[model]().state_dict()}, path)
    return Weights(model, path, digest_of(path))


def size(text: str) -> Size:
    width, height = map(int, text.split("x"))
    return Size(width, height)


def main() -> None:
    """Print tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=size, default=Size(1920, 1080))
    parser.add_argument("--crops", default="540x960,607x1080")
    parser.add_argument("--output", type=size, default=Size(1080, 1920))
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--models", default=",".join(model.value for model in UpscaleModel))
    chosen = parser.parse_args()
    fault = card_fault()
    print(f"PyTorch {torch.__version__}, " + (f"no card: {fault}" if fault else card_name()[0]), end="\n\n")
    rate = Fraction(30)
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        source = folder / "match.mp4"
        draw_match(source, seconds=-(-chosen.frames // 30), size=(chosen.source.width, chosen.source.height), rate=rate)
        video = require_video(probe(source))
        clips = [
            Clip(source, video, random_weights(UpscaleModel(model), folder), size(crop), chosen.output, chosen.frames)
            for model in chosen.models.split(",")
            for crop in chosen.crops.split(",")
        ]
        print("| clip | usual loop, fps | clipmill, fps | times |", "|---|---|---|---|", sep="\n")
        for clip in clips:
            print(rounds(clip, chosen.rounds), flush=True)
        print("", *map(shares, clips), sep="\n")


if __name__ == "__main__":
    main()
