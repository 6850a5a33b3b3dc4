"""Pictures full of thin strokes that no one wrote: stripes, lattices, twigs, over a part of a scene."""

import math
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

Scene = NDArray[np.uint8]


def patterned(random: Random, scene: Scene) -> Scene:
    """The scene with one to three patches of stripes or twigs."""
    picture = scene.astype(np.float32)
    for _ in range(random.randint(1, 3)):
        relief = _stripes(random, scene.shape[:2]) if random.random() < 0.6 else _twigs(random, scene.shape[:2])
        strength = [random.uniform(15, 110) * random.choice((-1, 1))] * 3
        if random.random() < 0.3:
            strength = [random.uniform(-90, 90) for _ in range(3)]
        picture += relief[..., None] * np.array(strength, np.float32) * _patch(random, scene.shape[:2])[..., None]
    return np.clip(picture, 0, 255).astype(np.uint8)


def _stripes(random: Random, size: tuple[int, ...]) -> NDArray[np.float32]:
    """Waves of one direction, bent by a slow noise, mostly sharp; crossed by others for a lattice."""
    down, across = np.mgrid[: size[0], : size[1]].astype(np.float32)
    relief = np.zeros(size, np.float32)
    for _ in range(random.choice((1, 1, 2))):
        angle, period = random.uniform(0, math.pi), math.exp(random.uniform(math.log(5), math.log(40)))
        phase = (across * math.cos(angle) + down * math.sin(angle)) * 2 * math.pi / period
        wave = np.sin(phase + _slow(random, size) * random.uniform(0, 3))
        sharp = random.choice((1.0, 4.0, 20.0))
        relief = np.maximum(relief, np.tanh((wave - random.uniform(-0.3, 0.7)) * sharp) * 0.5 + 0.5)
    return relief


def _twigs(random: Random, size: tuple[int, ...]) -> NDArray[np.float32]:
    """Short crooked lines, all over the place or in rows."""
    relief = np.zeros(size, np.float32)
    rows = random.random() < 0.4
    length, lines = random.uniform(5, 30), random.randint(20, 160)
    for _ in range(lines):
        top = random.randrange(size[0]) if not rows else (random.randrange(4) + 0.5) * size[0] / 4
        points = [(random.uniform(0, size[1]), top)]
        for _ in range(random.randint(1, 4)):
            points.append((points[-1][0] + random.gauss(0, length), points[-1][1] + random.gauss(0, length * 0.7)))
        drawn = np.array(points, np.int32).reshape(-1, 1, 2)
        cv2.polylines(relief, [drawn], random.random() < 0.2, 1.0, random.randint(1, 5), cv2.LINE_AA)
    return relief


def _slow(random: Random, size: tuple[int, ...]) -> NDArray[np.float32]:
    noise = np.random.default_rng(random.randrange(1 << 32)).normal(0, 1, (3, 6)).astype(np.float32)
    return np.asarray(cv2.resize(noise, (size[1], size[0]), interpolation=cv2.INTER_CUBIC))


def _patch(random: Random, size: tuple[int, ...]) -> NDArray[np.float32]:
    """Where the pattern is seen: a part with more or less sharp edges."""
    return np.clip((_slow(random, size) + random.uniform(-0.3, 1.0)) * random.choice((1.0, 3.0, 12.0)), 0, 1)
