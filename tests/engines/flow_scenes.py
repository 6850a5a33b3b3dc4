"""Moving pictures that know the truth between their frames: luma planes drawn at any time.

Convention: a scene is a function of the time, 0 at its first picture, 1 at the next; lengths are pixels.
"""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np

SIZE = WIDTH, HEIGHT = 240, 136
RADIUS = 32
LETTERS = (slice(16, 46), slice(16, 190))
"""Rows and columns of the lettering."""

Scene = Callable[[float], np.ndarray]


@cache
def texture(seed: int) -> np.ndarray:
    """Ground with detail of every size, larger than a picture."""
    noise = np.random.default_rng(seed)
    ground = np.full((3 * HEIGHT, 3 * WIDTH), 125, np.float32)
    for cell, depth in ((4, 16), (10, 24), (30, 32)):
        grains = noise.standard_normal((3 * HEIGHT // cell + 2, 3 * WIDTH // cell + 2)).astype(np.float32)
        ground += depth * cv2.resize(grains, (3 * WIDTH, 3 * HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.clip(ground, 20, 230)


def view(x: float = 0, y: float = 0, seed: int = 1, zoom: float = 1, degrees: float = 0) -> np.ndarray:
    """The ground as a camera sees it that stands at (x, y)."""
    turn = cv2.getRotationMatrix2D((0, 0), degrees, 1 / zoom)
    middle = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
    turn[:, 2] = middle * 3 + 1 + (x, y) - turn[:, :2] @ middle
    flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(texture(seed), turn, SIZE, flags=flags, borderMode=cv2.BORDER_REFLECT)


def disc(x: float, y: float) -> np.ndarray:
    """How far a disc covers each pixel."""
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.clip(RADIUS - np.hypot(across - x, down - y) + 0.5, 0, 1)


def lettering() -> np.ndarray:
    """How far letters cover each pixel."""
    letters = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.putText(letters, "GOAL 2:1", (20, 42), cv2.FONT_HERSHEY_DUPLEX, 1, 255, 3, cv2.LINE_AA)
    return letters / 255


def over(ground: np.ndarray, cover: np.ndarray, picture: np.ndarray | float) -> np.ndarray:
    return ground * (1 - cover) + picture * cover


def levels(picture: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def panned(t: float) -> np.ndarray:
    return levels(view(7.3 * t, 2.6 * t))


def turning(t: float) -> np.ndarray:
    return levels(view(degrees=2 * t, zoom=1 + 0.03 * t))


def passing_disc(t: float) -> np.ndarray:
    """A bright disc that moves 10 pixels to the right over ground that moves 4 to the left."""
    return levels(over(view(4 * t, 0), disc(100 + 10 * t, 70 + 2 * t), view(-10 * t, -2 * t, 5) / 2 + 120))


def titled_pan(t: float) -> np.ndarray:
    """Letters that stand still over ground that does not."""
    return levels(over(view(8 * t, t), lettering(), 235.0))
