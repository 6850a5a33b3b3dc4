"""Footage as small pictures at ten a second, read once and kept in a folder."""

from functools import lru_cache
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from training.textchange.split import FOOTAGE, Split

WIDTH = 720
MOST = 220


def prepare(footage: Path, folder: Path) -> None:
    """Decode every file of every split that is not there yet."""
    for split, names in FOOTAGE.items():
        for name in names:
            kept = _kept(folder, split, name)
            if not kept.exists():
                kept.parent.mkdir(parents=True, exist_ok=True)
                np.save(kept, _pictures(footage / name))


def _kept(folder: Path, split: Split, name: str) -> Path:
    return folder / "footage" / split / f"{Path(name).name}.npy"


def _pictures(path: Path) -> NDArray[np.uint8]:
    pictures: list[NDArray[np.uint8]] = []
    with av.open(str(path)) as opened:
        stream = opened.streams.video[0]
        stream.thread_type = "AUTO"
        due = 0.0
        for frame in opened.decode(stream):
            if frame.time is None or frame.time < due:
                continue
            due = frame.time + 0.1
            height = round(WIDTH * frame.height / frame.width / 2) * 2
            pictures.append(frame.to_ndarray(format="rgb24", width=WIDTH, height=height))
            if len(pictures) == MOST:
                break
    return np.stack(pictures)


@lru_cache(maxsize=8)
def reels(folder: Path, split: Split) -> list[NDArray[np.uint8]]:
    """The pictures of each file of a split, shape (frames, height, width, 3)."""
    return [np.load(_kept(folder, split, name), mmap_mode="r") for name in FOOTAGE[split]]
