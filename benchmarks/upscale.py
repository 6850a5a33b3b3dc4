"""What super-resolution costs on a processor: CPU seconds of a frame, beside the loop that is usually written for it.

Run with ``python -m benchmarks.upscale [--size WIDTHxHEIGHT] [--rounds N] [--threads N] [--model NAME]``. The networks have the published sizes and
random weights, which cost what others do. The ways take turns; the median of their ratios is told. The usual loop: the whole frame as R'G'B',
the network as it is loaded, the large picture as an array of bytes, shrunk by OpenCV.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import torch

from clipmill.engines.look import Look
from clipmill.engines.probe import probe, require_video
from clipmill.engines.sample_match import draw_match
from clipmill.engines.upscale.enlarging import Enlarger
from clipmill.engines.upscale.networks import Compact, DenseResidual, Network
from clipmill.engines.upscale.placing import EnlargedPlacer
from clipmill.media.choices import UpscaleModel
from clipmill.media.framing import ClipPlan
from clipmill.media.geometry import Fit, Size
from clipmill.media.info import VideoInfo
from clipmill.media.timeline import canonical_timeline

NETWORKS = {UpscaleModel.GENERAL: Compact, UpscaleModel.PLUS: DenseResidual}
Way = Callable[[av.VideoFrame], av.VideoFrame]


def usual(network: Network, output: Size) -> Way:
    """Frame by frame, all of the frame, through arrays."""

    def drawn(frame: av.VideoFrame) -> av.VideoFrame:
        picture = torch.from_numpy(frame.to_ndarray(format="rgb24")).permute(2, 0, 1)[None].float() / 255
        with torch.no_grad():
            large = network(picture).clamp(0, 1)[0].permute(1, 2, 0)
        array = (large * 255).round().numpy().astype(np.uint8)
        small = cv2.resize(array, (output.width, output.height), interpolation=cv2.INTER_LANCZOS4)
        return av.VideoFrame.from_ndarray(small, format="rgb24").reformat(format="yuv420p")

    return drawn


def cropped(network: Network, output: Size) -> Way:
    """The same loop, for a vertical crop: enlarged whole, cropped in the middle, resized."""

    def drawn(frame: av.VideoFrame) -> av.VideoFrame:
        whole = usual(network, Size(frame.width * 4, frame.height * 4))(frame).to_ndarray(format="rgb24")
        across = round(whole.shape[0] * output.width / output.height)
        left = (whole.shape[1] - across) // 2
        small = cv2.resize(whole[:, left : left + across], (output.width, output.height))
        return av.VideoFrame.from_ndarray(small, format="rgb24").reformat(format="yuv420p")

    return drawn


def ours(network: Network, video: VideoInfo, output: Size, fit: Fit) -> Way:
    """As a clip is drawn; every frame is another one, so that nothing is held."""
    timeline = canonical_timeline(None, Fraction(1))
    plan = ClipPlan(Fraction(0), timeline, video.displayed, output, video.rate, fit=fit)
    placer = EnlargedPlacer(plan, video, Enlarger(network.to(memory_format=torch.channels_last)))
    return lambda frame: next(placer.drawn([Look(plan.placement_at(Fraction(0)), frame)]))


def cpu_s(way: Way, frame: av.VideoFrame) -> float:
    started = time.process_time()
    way(frame)
    return time.process_time() - started


def scene(size: Size) -> tuple[VideoInfo, list[av.VideoFrame]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "match.mp4"
        draw_match(path, seconds=1, size=(size.width, size.height), rate=Fraction(10))
        with av.open(str(path)) as match:
            return require_video(probe(path)), list(match.decode(video=0))


def table(model: UpscaleModel, size: Size, rounds: int) -> str:
    """Two jobs in two ways each."""
    video, frames = scene(size)
    network = {False: NETWORKS[model]().eval(), True: NETWORKS[model]().eval()}
    twice, phone = Size(size.width * 2, size.height * 2), Size(size.height * 9 // 32 * 4, size.height * 2)
    jobs = {
        "all of the frame, 2x": (usual(network[False], twice), ours(network[True], video, twice, Fit.STRETCH)),
        "a vertical crop": (cropped(network[False], phone), ours(network[True], video, phone, Fit.COVER)),
    }
    lines = [f"| {model.value}, {size.width}x{size.height} | usual loop | clipmill | times less |", "|---|---|---|---|"]
    for name, ways in jobs.items():
        pairs = [tuple(cpu_s(way, frames[number % len(frames)]) for way in ways) for number in range(rounds)]
        ratio = statistics.median(theirs / mine for theirs, mine in pairs)
        theirs, mine = (statistics.median(pair[which] for pair in pairs) for which in (0, 1))
        lines.append(f"| {name} | {theirs:.2f} | {mine:.2f} | {ratio:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="640x360")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--model", default=UpscaleModel.GENERAL.value, choices=[model.value for model in UpscaleModel])
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    width, height = map(int, chosen.size.split("x"))
    print(f"CPU seconds of a frame, {chosen.threads} threads, PyTorch {torch.__version__}\n")
    print(table(UpscaleModel(chosen.model), Size(width, height), chosen.rounds))


if __name__ == "__main__":
    main()
