"""One clip: strips of a caption band, frame after frame, with what is to be seen in each."""

from dataclasses import dataclass, replace
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from training.textchange.backgrounds import Painter
from training.textchange.boards import board
from training.textchange.coding import worn
from training.textchange.distractors import any_distractors, ticker
from training.textchange.lettering import Layer, Style, any_style, caption_layer, fitted
from training.textchange.split import Split
from training.textchange.timeline import any_spans, doubtful, states
from training.textchange.wording import LANGUAGES, Writer, any_change, joined

FRAMES = 12
BOARDS, TICKERS = 0.16, 0.15
Scene = NDArray[np.uint8]


@dataclass(frozen=True)
class Clip:
    """Strips (frames, height, width, 3), the caption each shows (0 none), and whether that hangs on a tenth of opacity."""

    strips: Scene
    states: list[int]
    doubtful: list[bool]


@dataclass(frozen=True)
class _Drawn:
    plain: Layer
    sung: Layer | None
    pace: float

    def seen(self, frame: int) -> Layer:
        """The layer with the sung part in its other colour."""
        if self.sung is None:
            return self.plain
        edge = int(np.clip(frame * self.pace, 0, 1) * self.plain.cover.shape[1])
        colour = np.concatenate([self.sung.colour[:, :edge], self.plain.colour[:, edge:]], axis=1)
        return Layer(colour, np.maximum(self.plain.cover, self.sung.cover))


def draw_clip(seed: int, size: tuple[int, int], reels: list[Scene], split: Split, *, patterns: bool = False) -> Clip:
    """The clip of a seed at a strip size (height, width); over patterns, half of all clips have no captions."""
    random = Random(seed)
    language = random.choice(LANGUAGES)
    style = any_style(random, size[0], split, language)
    if style is None:
        language = "en"
        style = any_style(random, size[0], split, language)
        assert style
    running = ticker(random, size, split) if random.random() < TICKERS else None
    if running and random.random() < 0.8:
        style = replace(style, bottom=running[1], size=min(style.size, round(running[1] * size[0] * 0.9)))
    spans = [] if patterns and random.random() < 0.5 else any_spans(random, FRAMES)
    captions = _captions(random, style, language, size, len(spans))
    pictures = Painter(random, size, reels, split, patterns=patterns).pictures(FRAMES)
    distractors = any_distractors(random, size, split) + ([running[0]] if running else [])
    passing = board(random, size, split) if random.random() < BOARDS else None
    under = random.random() < 0.5
    strips: list[Scene] = []
    for frame, picture in enumerate(pictures):
        layers = [(caption.seen(frame), span.opacity(frame)) for caption, span in zip(captions, spans, strict=True)]
        others = [(shown(frame), 1.0) for shown in distractors]
        seen = passing(frame).over(picture) if passing else picture
        for layer, opacity in [*others, *layers] if under else [*layers, *others]:
            seen = layer.over(seen, opacity) if opacity > 0 else seen
        strips.append(np.clip(seen, 0, 255).astype(np.uint8))
    return Clip(np.stack(worn(random, strips)), states(spans, FRAMES), doubtful(spans, FRAMES))


def _captions(random: Random, style: Style, language: str, size: tuple[int, int], count: int) -> list[_Drawn]:
    writer = Writer(random, language)
    rows = 2 if style.size * style.pitch * 2 < style.bottom * size[0] * 2 and random.random() < 0.5 else 1
    sung = random.random() < 0.08
    colour = tuple(random.randrange(256) for _ in range(3))
    lines = [writer.line(random.randint(2 if style.anchor == 0.5 else 12, 44)) for _ in range(rows)]
    drawn: list[_Drawn] = []
    for number in range(count):
        if number:
            lines = writer.changed(lines, any_change(random))
        lines = _told_apart(writer, fitted(lines[:rows], style, size[1]), lines if number else None)
        text = joined(lines, language)
        other = caption_layer(text, style, size, colour) if sung else None  # pyright: ignore[reportArgumentType]
        drawn.append(_Drawn(caption_layer(text, style, size), other, random.uniform(0.02, 0.15)))
    return drawn


def _told_apart(writer: Writer, lines: list[list[str]], wanted: list[list[str]] | None) -> list[list[str]]:
    """A change may lie in the words that didn't fit: then the first word changes too."""
    if wanted is None or lines == wanted:
        return lines
    return [[writer.word(len(lines[0][0])), *lines[0][1:]], *lines[1:]]


def resized(strips: Scene, size: tuple[int, int]) -> Scene:
    """All strips at another size (height, width)."""
    return np.stack([cv2.resize(strip, (size[1], size[0]), interpolation=cv2.INTER_AREA) for strip in strips])
