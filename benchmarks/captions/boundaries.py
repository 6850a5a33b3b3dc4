"""How well caption boundaries are found: ``python -m benchmarks.captions.boundaries [--model NAME] [--seeds N] [--first N]``.

Each kind of video is drawn, encoded, decoded, read pair by pair and decoded into captions. A boundary is right within one
frame at ten frames a second; a caption is missed, or a phantom, when it shares less than half of its length with one on the
other side. Footage and fonts are those of no training. Choose by ``--split validation``; what was chosen is then measured once on
seeds of the evaluation split that nobody has seen.
"""

import argparse
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
from training.textchange.scoring import Score, matched
from training.textchange.split import Split

from benchmarks.captions.drawn import BAND, CLEAN_KINDS, HEIGHT, RATE, WIDTH, Drawn, Kind, draw
from clipmill.engines.pair_models import PairContext, PairModel, pair_model, sequence_of
from clipmill.media.captions.boundaries import PredictedCaption, derive_captions
from clipmill.media.captions.region import CropRegion
from clipmill.media.geometry import Size

CONTEXT = PairContext(
    CropRegion(BAND[0] / WIDTH, BAND[1] / HEIGHT, BAND[2] / WIDTH, BAND[3] / HEIGHT), Size(WIDTH, HEIGHT)
)
BATCH = 32
SECONDS = 1200


@dataclass
class Tally:
    """What was found in some videos."""

    score: Score = field(default_factory=Score)
    phantom: int = 0
    missed: int = 0
    frames: int = 0
    seconds: float = 0.0

    def __add__(self, other: "Tally") -> "Tally":
        counts = (self.phantom + other.phantom, self.missed + other.missed, self.frames + other.frames)
        return Tally(self.score + other.score, *counts, self.seconds + other.seconds)

    @property
    def wrong(self) -> str:
        """Phantoms and missed captions in 20 minutes."""
        return f"{(self.phantom + self.missed) * SECONDS * RATE / max(1, self.frames):.1f}"

    def row(self, name: str) -> str:
        share = SECONDS * RATE / max(1, self.frames)
        figures = (self.score.precision, self.score.recall, self.score.f1)
        edges = self.score.right + self.score.missed
        return (
            f"| {name} | {edges} | " + " | ".join(f"{figure:.4f}" for figure in figures)
            + f" | {self.phantom * share:.1f} | {self.missed * share:.1f} |"
        )  # fmt: skip


def rows_of(model: PairModel, path: Path) -> tuple[np.ndarray, np.ndarray, float]:
    """Forward and backward rows of a band video, and the CPU seconds the model took."""
    with av.open(str(path)) as opened:
        pictures = [frame.to_ndarray(format="rgb24") for frame in opened.decode(video=0)]
    began = time.process_time()
    sequence = sequence_of(model, CONTEXT)
    parts = [sequence.read(np.stack(pictures[at : at + BATCH])) for at in range(0, len(pictures), BATCH)]
    parts.append(sequence.finish())
    spent = time.process_time() - began
    return np.concatenate([one for one, _ in parts]), np.concatenate([one for _, one in parts]), spent


def tallied(drawn: Drawn, found: list[PredictedCaption], seconds: float) -> Tally:
    """One video's captions against the truth."""
    truth = [(start, end) for start, end, _ in drawn.captions]
    seen = [(one.start_frame, one.end_frame) for one in found]
    phantom = sum(not any(_halved(one, there) for there in truth) for one in seen)
    missed = sum(not any(_halved(one, there) for one in seen) for there in truth)
    return Tally(
        matched(_edges(seen, drawn.frames), _edges(truth, drawn.frames)), phantom, missed, drawn.frames, seconds
    )


def _edges(captions: list[tuple[int, int]], frames: int) -> set[int]:
    return {edge for caption in captions for edge in caption if 0 < edge < frames}


def _halved(one: tuple[int, int], other: tuple[int, int]) -> bool:
    common = min(one[1], other[1]) - max(one[0], other[0])
    return 2 * common >= max(one[1] - one[0], other[1] - other[0])


def table(model: PairModel, films: Iterable[tuple[Kind, Drawn]]) -> str:
    """Figures by kind, as Markdown."""
    kinds: dict[Kind, Tally] = {}
    for kind, drawn in films:
        forward, backward, seconds = rows_of(model, drawn.path)
        found = derive_captions(forward.tolist(), backward.tolist())
        kinds[kind] = kinds.get(kind, Tally()) + tallied(drawn, found, seconds)
    everything = sum(kinds.values(), Tally())
    clean = sum((kinds.get(kind, Tally()) for kind in CLEAN_KINDS), Tally())
    head = "| kind | boundaries | precision | recall | F1 | phantom / 20 min | missed / 20 min |\n|---|---|---|---|---|---|---|"
    rows = [tally.row(kind) for kind, tally in kinds.items()]
    speed = everything.frames / everything.seconds
    closing = [
        clean.row("**clean kinds**"),
        everything.row("**all**"),
        "",
        f"Phantom and missed together: {everything.wrong} in 20 minutes.",
        f"{model.name}: {speed:.0f} pairs per CPU second, both directions.",
    ]
    return "\n".join([head, *rows, *closing])


def main() -> None:
    """Print the table of one model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="textchange")
    parser.add_argument("--sha256")
    parser.add_argument("--seeds", type=int, default=2, help="videos of each kind")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--kinds", nargs="*", type=Kind, default=list(Kind))
    parser.add_argument("--split", type=Split, default=Split.EVALUATION)
    parser.add_argument("--frames", type=int, default=600)
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--folder", type=Path, default=Path("bench-output") / "captions")
    chosen = parser.parse_args()
    model = pair_model(chosen.model, chosen.threads, sha256=chosen.sha256)
    films = (
        (kind, draw(kind, seed, chosen.folder, frames=chosen.frames, split=chosen.split))
        for kind in chosen.kinds
        for seed in range(chosen.first, chosen.first + chosen.seeds)
    )
    print(table(model, films))


if __name__ == "__main__":
    main()
