"""What moves or stands in a strip and is no caption: tickers, logos, clocks."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import numpy as np

from training.textchange.lettering import FINER, Layer, any_style, caption_layer
from training.textchange.split import Split
from training.textchange.wording import Writer, joined

Shown = Callable[[int], Layer]
"""The layer of a frame."""


def any_distractors(random: Random, size: tuple[int, int], split: Split) -> list[Shown]:
    """Mostly none."""
    made = [maker(random, size, split) for maker, share in ((logo, 0.06), (clock, 0.04)) if random.random() < share]
    return [shown for shown in made if shown]


def ticker(random: Random, size: tuple[int, int], split: Split) -> tuple[Shown, float] | None:
    """A line that runs from right to left along the lower edge, mostly on a bar, and the height above it that stays free."""
    style = any_style(random, size[0], split, "en")
    if style is None:
        return None
    tall = random.uniform(0.15, 0.32)
    wide = (size[0], size[1] * 4)
    line = replace(style, size=round(size[0] * tall * 0.8 * FINER), anchor=0.0, bottom=1.0, pitch=1.25, opacity=1.0)
    words = "  +++  ".join(joined([Writer(random, "en").line(45) for _ in range(random.randint(1, 4))], "en"))
    whole = caption_layer([words], line, wide)
    if random.random() < 0.7:
        whole = _on_bar(random, whole, round(size[0] * (1 - tall)))
    speed, start = random.uniform(0.8, 16), random.uniform(0, 3 * size[1])

    def shown(frame: int) -> Layer:
        left = int(start + speed * frame) % (3 * size[1])
        return Layer(whole.colour[:, left : left + size[1]], whole.cover[:, left : left + size[1]])

    return shown, 1 - tall


def _on_bar(random: Random, layer: Layer, top: int) -> Layer:
    cover = np.zeros_like(layer.cover)
    cover[top:] = random.uniform(0.5, 1.0)
    colour = cover * np.array([random.uniform(0, 120) for _ in range(3)], np.float32)
    return Layer(layer.over(colour), layer.cover + cover * (1 - layer.cover))


def logo(random: Random, size: tuple[int, int], split: Split) -> Shown | None:
    """A mark in a corner that stays."""
    layer = _cornered(random, size, split, Writer(random, "en").word()[:5].upper())
    return (lambda _: layer) if layer else None


def clock(random: Random, size: tuple[int, int], split: Split) -> Shown | None:
    """A clock or a score in a corner, whose digits change."""
    state = random.getstate()
    start, every = random.randrange(5000), random.choice((1, 1, 5, 10))
    drawn: dict[int, Layer | None] = {}

    def shown(frame: int) -> Layer:
        reading = start + frame // every
        if reading not in drawn:
            again = Random()
            again.setstate(state)
            drawn[reading] = _cornered(again, size, split, f"{reading // 60:02}:{reading % 60:02}")
        return drawn[reading] or Layer(np.zeros((*size, 3), np.float32), np.zeros((*size, 1), np.float32))

    return shown


def _cornered(random: Random, size: tuple[int, int], split: Split, text: str) -> Layer | None:
    style = any_style(random, size[0], split, "en")
    if style is None:
        return None
    tall = random.uniform(0.2, 0.4)
    marked = replace(
        style,
        size=round(size[0] * tall * FINER),
        anchor=random.choice((0.0, 1.0)),
        bottom=random.uniform(tall + 0.1, 1.0),
        opacity=random.uniform(0.5, 1.0),
        margin=random.uniform(0.003, 0.02),
    )
    return caption_layer([text], marked, size)
