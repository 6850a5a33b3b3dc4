"""Writing that belongs to a scene and is no caption: boards, signs, pages; tilted, soft, passing with the camera."""

import math
from collections.abc import Callable
from dataclasses import replace
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from training.textchange.lettering import Layer, Style, any_style, caption_layer
from training.textchange.split import Split
from training.textchange.wording import Writer, joined

SLOWEST, FASTEST = 0.5, 32.0
"""Pixels of a strip in a tenth of a second."""


def any_speed(random: Random) -> float:
    """Slow and fast ones alike, to either side."""
    return random.choice((-1, 1)) * math.exp(random.uniform(math.log(SLOWEST), math.log(FASTEST)))


def writing(random: Random, size: tuple[int, int], split: Split) -> Layer | None:
    """A few words on a layer of a size (height, width), twice as large as the strip they will be seen in."""
    style = any_style(random, size[0] // 2, split, "en")
    if style is None:
        return None
    lines = joined([Writer(random, "en").line(random.randint(4, 40))], "en")
    layer = caption_layer(lines, _painted(random, style), size)
    tilt = random.gauss(0, 12) if random.random() < 0.7 else 0.0
    matrix = cv2.getRotationMatrix2D((size[1] / 2, size[0] / 2), tilt, random.uniform(0.7, 2.2))
    matrix[0, 1] += random.gauss(0, 0.3)
    matrix[:, 2] += random.gauss(0, size[1] / 5), random.gauss(0, size[0] / 4)
    return Layer(_moved(layer.colour, matrix, size), _moved(layer.cover, matrix, size)[..., None])


def _painted(random: Random, style: Style) -> Style:
    """Half of all boards have a ground of their own."""
    if random.random() < 0.5:
        return style
    level = random.randrange(70) if sum(style.fill) > 330 else random.randint(180, 255)
    red, green, blue = (min(255, level + random.randrange(60)) for _ in range(3))
    return replace(style, box=(red, green, blue, 255), opacity=1.0)


def board(random: Random, size: tuple[int, int], split: Split) -> Callable[[int], Layer] | None:
    """A board that passes before whatever lies behind it; shown by frame."""
    layer = writing(random, (size[0] * 2, size[1] * 2), split)
    if layer is None:
        return None
    blur = random.uniform(0.2, 1.6)
    colour, cover = (np.asarray(cv2.GaussianBlur(part, (0, 0), blur)) for part in (layer.colour, layer.cover))
    across, down = any_speed(random), random.gauss(0, 0.4)
    left, top = random.uniform(0.2, 0.8) * size[1], random.uniform(0.2, 0.8) * size[0]
    middle = random.randrange(12)

    def shown(frame: int) -> Layer:
        since = frame - middle
        matrix = np.array([[1, 0, -left - since * across], [0, 1, -top - since * down]], np.float64)
        return Layer(_moved(colour, matrix, size), _moved(cover, matrix, size)[..., None])

    return shown


def _moved(part: NDArray[np.float32], matrix: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float32]:
    return np.asarray(cv2.warpAffine(part, matrix, (size[1], size[0])), np.float32)
