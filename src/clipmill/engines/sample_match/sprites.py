"""Sprites: small pictures with soft edges that lie on the planes of a frame; the ball and shadows are two.

Convention: planes are 8-bit 4:2:0, BT.709 limited range; a sprite's anchor is the pixel that it is placed by. Things are drawn
``FINENESS`` times as fine as they are shown.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
Parity = tuple[int, int]
Levels = NDArray[np.uint16]
Values = NDArray[np.floating[Any]]
Planes = Sequence[NDArray[np.uint8]]

FINENESS = 3


@dataclass(frozen=True, slots=True)
class Patch:
    """One plane of a sprite: what it adds, and how much of the ground stays, both in 256ths."""

    adds: Levels
    keeps: Levels


@dataclass(frozen=True, slots=True)
class Sprite:
    """Three patches for one parity of position, and where they lie from the anchor, in luma pixels."""

    patches: tuple[Patch, Patch, Patch]
    left: int
    top: int


def paste(planes: Planes, sprite: Sprite, x: int, y: int) -> None:
    """Lay a sprite on planes with its anchor at (x, y), which must have the parity it was made for; what lies outside is cut."""
    for index, (plane, patch) in enumerate(zip(planes, sprite.patches, strict=True)):
        left, top = (x + sprite.left) >> (index > 0), (y + sprite.top) >> (index > 0)
        rows = slice(max(0, -top), min(patch.adds.shape[0], plane.shape[0] - top))
        columns = slice(max(0, -left), min(patch.adds.shape[1], plane.shape[1] - left))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            continue
        ground = plane[top + rows.start : top + rows.stop, left + columns.start : left + columns.stop]
        ground[:] = (ground * patch.keeps[rows, columns] + patch.adds[rows, columns]) >> 8


def to_planes(picture: Values) -> tuple[Values, Values, Values]:
    """Y, Cb and Cr at full size of R'G'B' (rows, columns, 3)."""
    red, green, blue = (picture[..., index] / 255 for index in range(3))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 16 + 219 * luma, 128 + 224 * (blue - luma) / 1.8556, 128 + 224 * (red - luma) / 1.5748


def halved(plane: Values) -> Values:
    """The mean of each 2 x 2 pixels."""
    return (plane[::2, ::2] + plane[1::2, ::2] + plane[::2, 1::2] + plane[1::2, 1::2]) / 4


@dataclass(frozen=True, slots=True)
class Drawing:
    """R'G'B' colours (rows, columns, 3), how much of each pixel they cover, and the anchor's pixel."""

    picture: Values
    alpha: Values
    anchor: tuple[int, int]


def sprite_of(drawing: Drawing, parity: Parity) -> Sprite:
    """The sprite of a drawing; ``parity`` is that of the anchor's place on the picture."""
    alpha, anchor = drawing.alpha, drawing.anchor
    # Chroma samples lie on even pixels of the picture, so the sprite starts and ends on them.
    left, top = (anchor[0] + parity[0]) % 2, (anchor[1] + parity[1]) % 2
    pads = [(top, (alpha.shape[0] + top) % 2), (left, (alpha.shape[1] + left) % 2)]
    cover = np.pad(alpha, pads)
    luma, *chroma = (np.pad(plane, pads) for plane in to_planes(drawing.picture))
    patches = [_patch(luma * cover, cover), *(_patch(halved(plane * cover), halved(cover)) for plane in chroma)]
    return Sprite((patches[0], patches[1], patches[2]), -anchor[0] - left, -anchor[1] - top)


def _patch(weighted: Values, cover: Values) -> Patch:
    keeps = np.rint(256 * (1 - cover))
    # Half a level is added once, so that the shift by 8 rounds.
    return Patch(np.rint(weighted * 256 + 128 * (cover > 0)).astype(np.uint16), keeps.astype(np.uint16))


def shrunk(fine: Values) -> Values:
    """The mean of each block of finely drawn points."""
    parts = [fine[row::FINENESS, column::FINENESS] for row in range(FINENESS) for column in range(FINENESS)]
    return np.sum(parts, axis=0) / FINENESS**2


def shadow(width: int, strength_percent: int, parity: Parity) -> Sprite:
    """A soft dark ellipse, ``width`` pixels wide, to the right of the anchor as the light comes from the left."""
    height = max(3, round(width * 0.26))
    x = (np.arange(width + 4) + 0.5 - 2) / width * 2 - 1
    y = (np.arange(height + 4) + 0.5 - 2) / height * 2 - 1
    soft = np.clip((1 - np.hypot(x[None, :], y[:, None])) * 2.2, 0, 1) * strength_percent / 100
    alpha = soft.astype(np.float32)
    ground = np.broadcast_to(np.array((10, 26, 8), np.float32), (*alpha.shape, 3))
    return sprite_of(Drawing(ground, alpha, (2 + round(width * 0.26), 2 + height // 2)), parity)


def ball(radius_quarters: int, turn: int, place_quarters: tuple[int, int], parity: Parity) -> Sprite:
    """A ball by quarters of a pixel in radius and place, so that a slow one glides; ``turn`` rolls its dark spots."""
    radius = radius_quarters / 4
    reach = math.ceil(radius) + 2
    fine = (np.arange(2 * reach * FINENESS) + 0.5) / FINENESS - reach
    x, y = np.meshgrid(fine - place_quarters[0] / 4, fine - place_quarters[1] / 4)
    inside = (x * x + y * y < radius * radius).astype(np.float32)
    shade = 232 + 22 * np.clip(-(x + 1.4 * y) / radius, -1.6, 1)
    for spot in range(3):
        angle = math.pi * (turn / 4 + spot * 2 / 3)
        shade = np.where(
            np.hypot(x - 0.62 * radius * math.cos(angle), y - 0.62 * radius * math.sin(angle)) < 0.3 * radius, 62, shade
        )
    alpha = shrunk(inside)
    light = shrunk(shade * inside) / np.maximum(alpha, 1e-6)
    return sprite_of(Drawing(np.repeat(light[..., None], 3, axis=2), alpha, (reach, reach)), parity)
