"""Draw clips into shards: ``python -m training.textchange.draw --folder DATA --footage MEDIA/footage --clips 16000``."""

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from training.textchange.clips import FRAMES, draw_clip
from training.textchange.footage import prepare, reels
from training.textchange.split import Split

SIZES = ((32, 448), (32, 560), (32, 688), (40, 448), (48, 448), (56, 448), (64, 384), (64, 256))
PER_SHARD = 64


def draw_shard(folder: Path, split: Split, number: int) -> None:
    """Clips of one size; what is there is kept, so a broken run goes on."""
    path = folder / split / f"{number:05}.npz"
    if path.exists():
        return
    cv2.setNumThreads(1)
    size = SIZES[number % len(SIZES)]
    first = number * PER_SHARD + (1 << 30) * list(Split).index(split)
    clips = [draw_clip(first + offset, size, reels(folder, split), split) for offset in range(PER_SHARD)]
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


def main() -> None:
    """Draw what is missing of both splits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--footage", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=16000)
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args()
    prepare(chosen.footage, chosen.folder)
    shards = chosen.clips // PER_SHARD
    with ProcessPoolExecutor(chosen.processes) as pool:
        for split, count in ((Split.VALIDATION, len(SIZES)), (Split.TRAINING, shards)):
            for _ in pool.map(partial(draw_shard, chosen.folder, split), range(count)):
                pass
    print(f"{shards * PER_SHARD} clips of {FRAMES} frames")


if __name__ == "__main__":
    main()
