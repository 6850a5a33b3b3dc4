"""Drawn clips as batches of training: turned into planes once, then mixed and cut anew in each round."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from clipmill.engines.pair_models.planes import planes_of

Batch = tuple[NDArray[np.uint8], NDArray[np.int16], NDArray[np.bool_]]
AT_ONCE = 12
"""Shards that are mixed with one another."""
CLIPS = 16
WINDOW = 4
"""Frames of a clip that are shown at once, mostly some with a change among them."""


def shard(path: Path) -> Batch:
    """Planes (clips, frames, 17, height, width), states and doubts of the clips of a file; kept beside it."""
    kept = path.with_suffix(".planes")
    if not kept.exists():
        _keep(path, kept)
    with np.load(kept) as held:
        return held["planes"], held["states"], held["doubtful"]


def _keep(path: Path, kept: Path) -> None:
    random = Random(path.stem)
    with np.load(path) as held:
        planes = np.stack([planes_of(_varied(clip, random)) for clip in held["strips"]])
        with kept.with_suffix(".part").open("wb") as file:
            np.savez(file, planes=planes, states=held["states"], doubtful=held["doubtful"])
    kept.with_suffix(".part").rename(kept)


def _varied(strips: NDArray[np.uint8], random: Random) -> NDArray[np.uint8]:
    """Other colours for some clips."""
    if random.random() < 0.4:
        strips = _toned(random)[strips]
    return strips[..., random.sample(range(3), 3)] if random.random() < 0.15 else strips


def _toned(random: Random) -> NDArray[np.uint8]:
    """A table of brightness, contrast and gamma, now and then a negative."""
    level = np.linspace(0, 1, 256) ** random.uniform(0.6, 1.6)
    curve = (level - 0.5) * random.uniform(0.6, 1.15) + 0.5 + random.uniform(-0.12, 0.12)
    return (np.clip(1 - curve if random.random() < 0.06 else curve, 0, 1) * 255).astype(np.uint8)


def portions(folder: Path, seed: int, first: int = 0) -> Iterator[tuple[int, list[Batch]]]:
    """Numbered lists of batches for ever, each batch of one strip size; a number always means the same batches."""
    paths = sorted(folder.glob("*.npz"))
    each = -(-len(paths) // AT_ONCE)
    for number in count(first):
        order = list(paths)
        Random(f"{seed} round {number // each}").shuffle(order)
        random = Random(f"{seed} portion {number}")
        start = number % each * AT_ONCE
        batches = [batch for path in order[start : start + AT_ONCE] for batch in _batches(shard(path), random)]
        random.shuffle(batches)
        yield number, batches


def _batches(held: Batch, random: Random) -> list[Batch]:
    order = list(range(len(held[0])))
    random.shuffle(order)
    return [_windowed(held, order[start : start + CLIPS], random) for start in range(0, len(order), CLIPS)]


def _windowed(held: Batch, chosen: list[int], random: Random) -> Batch:
    """A few frames of each clip, turned round in time for half of the batches."""
    starts = [_start(held[1][number], random) for number in chosen]
    step = random.choice((1, -1))
    parts = [
        [part[number, start : start + WINDOW][::step] for number, start in zip(chosen, starts, strict=True)]
        for part in held
    ]
    return np.stack(parts[0]), np.stack(parts[1]), np.stack(parts[2])


def _start(states: NDArray[np.int16], random: Random) -> int:
    starts = range(len(states) - WINDOW + 1)
    eventful = [start for start in starts if len(set(states[start : start + WINDOW].tolist())) > 1]
    return random.choice(eventful if eventful and random.random() < 0.7 else starts)
