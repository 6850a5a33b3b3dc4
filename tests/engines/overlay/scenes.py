"""Small frames to draw on, and the same marks for the painter and for the reference."""

from fractions import Fraction

import numpy as np
from tests.engines.drawing import copied, frame_of
from tests.engines.overlay.reference import Mark, Settings, drawn, rounded

from clipmill.engines.overlay.painter import Painter
from clipmill.engines.planes import Orientation
from clipmill.media.choices import Effect, HighlightShape
from clipmill.media.geometry import Size
from clipmill.media.highlights import Highlights, Region
from clipmill.media.spots import Ellipse, Look
from clipmill.media.tracks import Track

SIZE = Size(96, 64)
START, END = Fraction(0), Fraction(10)
NOW = Fraction(1)


def upright(size: Size = SIZE) -> Orientation:
    return Orientation(size, size, 0, mirrored=False)


def orientation(turns: int = 0, *, mirrored: bool = False, aspect: int = 1, coded: Size = SIZE) -> Orientation:
    """Coded pixels that are ``aspect`` times as wide as high, shown mirrored, then turned clockwise."""
    wide = Size(coded.width * aspect, coded.height)
    shown = Size(wide.height, wide.width) if turns % 2 else wide
    return Orientation(coded, shown, turns, mirrored)


def picture(size: Size = SIZE, seed: int = 0, low: int = 0, high: int = 256) -> list[np.ndarray]:
    """Planes of coloured noise with larger shapes in it."""
    noise = np.random.default_rng(seed)
    chroma = ((size.height + 1) // 2, (size.width + 1) // 2)
    luma = noise.integers(low, high, (size.height, size.width), np.uint8)
    luma[size.height // 4 : size.height // 2] = noise.integers(low, high)
    return [luma, *(noise.integers(40, 216, chroma, np.uint8) for _ in range(2))]


def track(value: float) -> Track:
    return Track((), default=value)


def region(mark: Mark, index: int = 0) -> Region:
    red, green, blue = mark.colour
    return Region(
        index=index,
        start=START,
        end=END,
        x=track(mark.x),
        y=track(mark.y),
        radius_x=track(mark.rx),
        radius_y=track(mark.ry),
        stroke_opacity=track(mark.stroke),
        fill_opacity=track(mark.fill),
        colour=track(red * 65536 + green * 256 + blue),
        opacity=mark.s,
    )


def highlights(marks: list[Mark], settings: Settings, size: Size) -> Highlights:
    """Settings are in pixels of the frame; a look is in pixels of 1080 lines."""
    look = Look(
        effect=Effect(settings.effect),
        shape=HighlightShape.GROUND if settings.ground else HighlightShape.BODY,
        stroke_width=settings.stroke_px * 1080 / size.height,
        dim_strength=settings.dim,
        boost_strength=settings.boost,
        blur_sigma=settings.sigma * 1080 / size.height,
        feather=settings.feather,
        fill_enabled=any(mark.fill for mark in marks),
    )
    return Highlights(tuple(region(mark, index) for index, mark in enumerate(marks)), look, size)


def painted(planes, marks, settings, turned=None) -> list[np.ndarray]:
    """What the painter makes of a frame."""
    turned = turned or upright(Size(planes[0].shape[1], planes[0].shape[0]))
    painter = Painter(highlights(marks, settings, turned.displayed))
    return list(copied(painter.paint(frame_of(planes), NOW, turned)))


def on_the_ground(mark: Mark) -> Mark:
    """The disc that the painter draws for the player of a mark."""
    disc = Ellipse(mark.x, mark.y, mark.rx, mark.ry).on_the_ground()
    return Mark(disc.x, disc.y, disc.radius_x, disc.radius_y, mark.s, mark.stroke, mark.fill, mark.colour)


def largest_difference(planes, marks, settings, turned=None) -> float:
    """Between the painter and the reference, over all planes."""
    turned = turned or upright(Size(planes[0].shape[1], planes[0].shape[0]))
    placed = [on_the_ground(mark) for mark in marks] if settings.ground else marks
    wanted = rounded(drawn(planes, placed, settings, turned))
    got = painted(planes, marks, settings, turned)
    return max(np.abs(g.astype(float) - w).max() for g, w in zip(got, wanted, strict=True))
