"""Captions as layers over a strip, drawn at twice its size.

Convention: layers hold premultiplied colour, 0..255, and coverage, 0..1, both float32 of shape (height, width, 3 or 1).
"""

from dataclasses import dataclass
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training.textchange.split import Split
from training.textchange.typefaces import Typeface, any_typeface

FINER = 2
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Layer:
    """Something that lies over a picture."""

    colour: NDArray[np.float32]
    cover: NDArray[np.float32]

    def over(self, picture: NDArray[np.float32], opacity: float = 1.0) -> NDArray[np.float32]:
        return picture * (1 - opacity * self.cover) + opacity * self.colour


@dataclass(frozen=True)
class Style:
    """How the captions of one video look."""

    face: Typeface
    size: int
    fill: Colour
    edge: int = 0
    edge_colour: Colour = (0, 0, 0)
    shadow: int = 0
    box: tuple[int, int, int, int] | None = None
    opacity: float = 1.0
    anchor: float = 0.5
    bottom: float = 0.9
    pitch: float = 1.2
    margin: float = 0.04


def any_style(random: Random, height: int, split: Split, language: str) -> Style | None:
    """A look as videos have it; None where no font has the signs."""
    face = any_typeface(random, language, split)
    if face is None:
        return None
    size = max(8.0, height * random.uniform(0.22, 0.5)) * FINER
    kind = random.random()
    fill = _fill(random)
    bare = kind < 0.12
    boxed = 0.12 <= kind < 0.3
    edged = kind >= 0.3
    dark = random.random() < 0.9 and (sum(fill) > 200)
    box = _box(random, fill) if boxed else None
    return Style(
        face=face,
        size=round(size),
        fill=fill,
        edge=max(1, round(size * random.uniform(0.03, 0.13))) if edged else 0,
        edge_colour=(0, 0, 0) if dark else _opposite(random, fill),
        shadow=round(size * random.uniform(0.03, 0.1)) if random.random() < (0.7 if bare else 0.2) else 0,
        box=box,
        opacity=1.0 if random.random() < 0.85 else random.uniform(0.45, 0.95),
        anchor=random.choices((0.5, 0.0, 1.0), weights=(80, 15, 5))[0],
        bottom=random.uniform(0.8, 0.97),
        pitch=random.uniform(1.1, 1.35),
    )


def _fill(random: Random) -> Colour:
    kind = random.random()
    if kind < 0.5:
        return (255, 255, 255) if random.random() < 0.6 else (random.randint(190, 255),) * 3
    if kind < 0.75:
        return (random.randint(220, 255), random.randint(190, 255), random.randint(0, 90))
    if kind < 0.9:
        return (random.randrange(256), random.randrange(256), random.randrange(256))
    return (random.randint(0, 40),) * 3


def _opposite(random: Random, fill: Colour) -> Colour:
    low, high = (0, 90) if sum(fill) > 330 else (170, 255)
    return (random.randint(low, high), random.randint(low, high), random.randint(low, high))


def _box(random: Random, fill: Colour) -> tuple[int, int, int, int]:
    bright = sum(fill) > 330
    level = random.randrange(60) if bright else random.randint(200, 255)
    alpha = random.uniform(0.35, 1.0)
    colour = [min(255, max(0, level + random.randint(-30, 30))) for _ in range(3)]
    return (round(colour[0] * alpha), round(colour[1] * alpha), round(colour[2] * alpha), round(255 * alpha))


def caption_layer(lines: list[str], style: Style, size: tuple[int, int], fill: Colour | None = None) -> Layer:
    """Lines of text on a strip of a size (height, width), in another colour where one is given."""
    height, width = size[0] * FINER, size[1] * FINER
    canvas = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    pen = ImageDraw.Draw(canvas)
    font = style.face.at(style.size)
    step = round(style.size * style.pitch)
    top = round(height * style.bottom) - step * len(lines)
    places: list[tuple[float, int, str]] = []
    for row, line in enumerate(lines):
        long = pen.textlength(line, font=font)
        left = style.margin * width + style.anchor * ((1 - 2 * style.margin) * width - long)
        places.append((left, top + row * step, line))
        if style.box:
            pad = style.size * 0.25
            pen.rectangle((left - pad, top + row * step, left + long + pad, top + (row + 1) * step), fill=style.box)
    for left, y, line in places:
        if style.shadow:
            pen.text(
                (left + style.shadow, y + style.shadow), line, font=font, fill=(0, 0, 0, 170), stroke_width=style.edge
            )
        ink = (*(fill or style.fill), 255)
        pen.text((left, y), line, font=font, fill=ink, stroke_width=style.edge, stroke_fill=(*style.edge_colour, 255))
    return _layer(canvas, size, style.opacity)


def _layer(canvas: Image.Image, size: tuple[int, int], opacity: float) -> Layer:
    drawn = (
        cv2.resize(np.asarray(canvas), (size[1], size[0]), interpolation=cv2.INTER_AREA).astype(np.float32) * opacity
    )
    return Layer(drawn[..., :3], drawn[..., 3:] / 255)


def fitted(lines: list[list[str]], style: Style, width: int) -> list[list[str]]:
    """The lines without the words that don't fit a strip."""
    font = style.face.at(style.size)
    kept: list[list[str]] = []
    for line in lines:
        words = list(line)
        while len(words) > 1 and font.getlength(" ".join(words)) > 0.94 * width * FINER:
            words.pop()
        while len(words) == 1 and len(words[0]) > 1 and font.getlength(words[0]) > 0.94 * width * FINER:
            words[0] = words[0][:-1]
        kept.append(words)
    return kept
