"""What a super-resolution model gets to see of a clip, and in which pieces.

Convention: *samples* are the source's pixels turned upright: as people see them, but for their aspect. Crops and tiles
count whole samples, origin top-left; boxes and rotation are those of `clipmill.media.geometry`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from clipmill.media.framing import ClipPlan, Shot
from clipmill.media.geometry import Box, Rectangle, Size, canvas_to_source
from clipmill.media.info import VideoInfo
from clipmill.media.time import round_half_up

SCALE = 4
"""How many times larger, along each side, a model's picture is than what it sees."""
MARGIN = 8
"""Samples around the box that the model sees too."""
SMALLEST_TILE = 128


@dataclass(frozen=True, slots=True)
class Tile:
    """A piece of a picture: what is read, with a margin for the model, and the part of it that is kept."""

    read: Rectangle
    kept: Rectangle


def enlarges(plan: ClipPlan) -> bool:
    """Whether some frame of a clip has more pixels than the box it shows: one answer for all of its frames."""
    boxes = (shot.placement.box for shot in plan.shots())
    return min(box.width * box.height for box in boxes) < plan.output.width * plan.output.height


@dataclass(frozen=True, slots=True)
class Crops:
    """What the model sees of each frame of a clip: always as many samples, so that its work is always the same."""

    frame: Size
    """The displayed source."""
    samples: Size
    rotation: float
    shape: Size

    @classmethod
    def of(cls, plan: ClipPlan, samples: Size) -> "Crops":
        """The shape is the smallest that holds the crop of every frame."""
        crops = [_crop(shot, plan, samples) for shot in plan.shots()]
        shape = Size(max(crop.width for crop in crops), max(crop.height for crop in crops))
        return cls(plan.frame, samples, plan.rotation, shape)

    def of_box(self, box: Box) -> Rectangle:
        """The crop for a box: of the clip's shape, about what is needed, inside the picture."""
        needed = needed_crop(box, self.frame, self.samples, self.rotation)
        left = _moved_inside(needed.left, needed.width, self.shape.width, self.samples.width)
        top = _moved_inside(needed.top, needed.height, self.shape.height, self.samples.height)
        return Rectangle(left, top, self.shape.width, self.shape.height)


def samples_of(video: VideoInfo) -> Size:
    """How many samples the pictures of a source have."""
    coded = video.size
    return Size(coded.height, coded.width) if video.rotation % 180 else coded


def needed_crop(box: Box, frame: Size, samples: Size, rotation: float = 0.0) -> Rectangle:
    """The smallest rectangle around a (rotated) box, grown by a margin and cut to the picture; a sample at least.

    >>> needed_crop(Box(656.25, 0.0, 607.5, 1080.0), Size(1920, 1080), Size(1920, 1080))
    Rectangle(left=648, top=0, width=624, height=1080)
    """
    corners = [(box.x + across, box.y + down) for across in (0, box.width) for down in (0, box.height)]
    if rotation:
        corners = [canvas_to_source(x, y, frame, rotation) for x, y in corners]
    left, right = _span([x * samples.width / frame.width for x, _ in corners], samples.width)
    top, bottom = _span([y * samples.height / frame.height for _, y in corners], samples.height)
    return Rectangle(left, top, right - left, bottom - top)


def _span(positions: list[float], limit: int) -> tuple[int, int]:
    first = min(max(floor(min(positions)) - MARGIN, 0), limit - 1)
    return first, max(min(ceil(max(positions)) + MARGIN, limit), first + 1)


def _moved_inside(start: int, length: int, wanted: int, limit: int) -> int:
    return min(max(start - (wanted - length) // 2, 0), limit - wanted)


def _crop(shot: Shot, plan: ClipPlan, samples: Size) -> Rectangle:
    return needed_crop(shot.placement.box, plan.frame, samples, plan.rotation)


def scaled_size(shown: Size, scale: Fraction, width: int | None = None, height: int | None = None) -> Size:
    """The even size of an enlarged picture: so many times larger, or by one side or both.

    >>> scaled_size(Size(700, 400), Fraction(2)), scaled_size(Size(700, 400), Fraction(2), height=600)
    (Size(width=1400, height=800), Size(width=1050, height=600))
    """
    if width is not None and height is not None:
        return Size(width, height)
    if width is not None:
        scale = Fraction(width, shown.width)
    elif height is not None:
        scale = Fraction(height, shown.height)
    return Size(width or _even(shown.width * scale), height or _even(shown.height * scale))


def _even(length: Fraction) -> int:
    return 2 * round_half_up(length / 2)


def tiles(size: Size, side: int, margin: int) -> Iterator[Tile]:
    """The pieces of a picture whose kept parts, of at most ``side`` squared, lie side by side and leave nothing out."""
    for top, height in _pieces(size.height, side):
        for left, width in _pieces(size.width, side):
            kept = Rectangle(left, top, width, height)
            yield Tile(kept.grown(margin).inside(size), kept)


def _pieces(length: int, side: int) -> Iterator[tuple[int, int]]:
    """Where each piece begins and how long it is; they differ by one at most."""
    count = ceil(length / side)
    for number in range(count):
        start = number * length // count
        yield start, (number + 1) * length // count - start


def halved(side: int) -> int | None:
    """The next smaller side of a tile; None below the smallest.

    >>> halved(300), halved(200), halved(128)
    (150, 128, None)
    """
    return None if side <= SMALLEST_TILE else max(side // 2, SMALLEST_TILE)
