"""Draw clips into shards: ``python -m training.textchange.draw --folder DATA --footage MEDIA/footage``."""

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from training.textchange.clips import draw_clip
from training.textchange.footage import prepare, reels
from training.textchange.split import Split

SIZES = ((32, 448), (32, 560), (32, 688), (40, 448), (48, 448), (56, 448), (64, 384), (64, 256))
PER_SHARD = 64


@dataclass(frozen=True)
class Clips:
    """How many clips are drawn for training."""

    plain: int = 6912
    patterned: int = 2304
    """Over stripes and twigs."""


def draw_shard(folder: Path, split: Split, number: int, *, patterns: bool = False) -> None:
    """Clips of one size; what is there is kept, so a broken run goes on."""
    path = folder / split / f"{number:05}.npz"
    if path.exists():
        return
    cv2.setNumThreads(1)
    size = SIZES[number % len(SIZES)]
    first = number * PER_SHARD + (1 << 30) * list(Split).index(split)
    seeds = range(first, first + PER_SHARD)
    clips = [draw_clip(seed, size, reels(folder, split), split, patterns=patterns) for seed in seeds]
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(
            file,
            strips=np.stack([clip.strips for clip in clips]),
            states=np.array([clip.states for clip in clips], np.int16),
            doubtful=np.array([clip.doubtful for clip in clips]),
        )
    part.rename(path)


def draw_all(folder: Path, footage: Path, clips: Clips, processes: int) -> None:
    """Draw what is missing of both splits."""
    prepare(footage, folder)
    plain, shards = clips.plain // PER_SHARD, (clips.plain + clips.patterned) // PER_SHARD
    with ProcessPoolExecutor(processes) as pool:
        for split, numbers, patterns in (
            (Split.VALIDATION, range(len(SIZES)), False),
            (Split.TRAINING, range(plain), False),
            (Split.TRAINING, range(plain, shards), True),
        ):
            for _ in pool.map(partial(draw_shard, folder, split, patterns=patterns), numbers):
                pass


def main() -> None:
    """Draw what is missing, on so many processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--footage", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=Clips.plain)
    parser.add_argument("--patterned", type=int, default=Clips.patterned)
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args()
    draw_all(chosen.folder, chosen.footage, Clips(chosen.clips, chosen.patterned), chosen.processes)


if __name__ == "__main__":
    main()
