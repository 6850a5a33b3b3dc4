"""Which boxes cannot be captions by themselves: unreadable ones, and text that stands still."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clipmill.media.captions.layout.alike import AlikeTexts
from clipmill.media.captions.layout.boxes import ROUNDING, Box, overlap
from clipmill.media.captions.layout.wording import wording
from clipmill.media.geometry import Size

LOWEST_CONFIDENCE = 0.5
LOWEST_HEIGHT = 0.012
LARGEST_HEIGHT = 0.25
NARROWEST_RATIO = 0.5
"""Of width to height in pixels."""
SAME_PLACE = 0.5
SAME_TEXT = 0.6
FEWEST_STATIC_FRAMES = 3
NARROWEST_LINE = 0.2
"""Of the frame's width: logos and score bugs are mostly narrower than a line that is sung."""
LARGEST_SHARE_OF_LINE = 0.6
"""Of the frames: what stays longer than that is static, whatever follows."""


def eligible(box: Box, frame: Size) -> bool:
    """Whether a box can be a caption at all: sure enough, of a readable height, with text, not upright."""
    return (
        box.confidence >= LOWEST_CONFIDENCE - ROUNDING
        and LOWEST_HEIGHT - ROUNDING <= box.height <= LARGEST_HEIGHT + ROUNDING
        and bool(wording(box.text))
        and box.width * frame.width >= NARROWEST_RATIO * box.height * frame.height - ROUNDING
    )


def static_boxes(boxes: Iterable[Box], ocr_frame_count: int) -> list[Box]:
    """The boxes that show nearly the same text in nearly the same place in three tenths of the frames.

    A line that is sung for so long in a short video is none: it comes once, and other lines take its place.
    """
    needed = max(FEWEST_STATIC_FRAMES, -(-3 * ocr_frame_count // 10))
    groups = _groups(boxes)
    held = [group for group in groups if group.frames >= needed]
    return [box for group in held if not _gives_way(group, groups, ocr_frame_count) for box in group.boxes]


@dataclass(slots=True)
class _Group:
    """Boxes that resemble the first of them."""

    place: int
    """How many groups were founded before."""
    boxes: list[Box]

    @property
    def frames(self) -> int:
        return len({box.frame_index for box in self.boxes})


def _gives_way(group: _Group, groups: Sequence[_Group], ocr_frame_count: int) -> bool:
    """Whether a line stays for one stretch only, with other text in its row before or after and none meanwhile."""
    line = group.boxes[0]
    if line.width < NARROWEST_LINE or group.frames > LARGEST_SHARE_OF_LINE * ocr_frame_count + ROUNDING:
        return False
    others = {box.frame_index for one in groups if one is not group for box in one.boxes if _in_row(line, box)}
    first, last = (pick(box.frame_index for box in group.boxes) for pick in (min, max))
    return len(others) >= FEWEST_STATIC_FRAMES and not any(first <= frame <= last for frame in others)


def _in_row(line: Box, box: Box) -> bool:
    """Whether a box stands where a line does, be it longer or shorter."""
    across = min(line.right, box.right) - max(line.left, box.left)
    near = abs(line.centre_y - box.centre_y) <= line.height / 2 + ROUNDING
    return near and across >= SAME_PLACE * min(line.width, box.width) - ROUNDING


def _groups(boxes: Iterable[Box]) -> list[_Group]:
    """Boxes by the first group whose founder they resemble."""
    groups: list[_Group] = []
    by_text: dict[str, list[_Group]] = {}
    texts = AlikeTexts(SAME_TEXT - ROUNDING)
    for box in boxes:
        text = wording(box.text)
        near = (group for alike in texts.near(text) for group in by_text[alike])
        fitting = (one for one in near if overlap(one.boxes[0], box) >= SAME_PLACE - ROUNDING)
        first = min(fitting, key=_place, default=None)
        if first is not None:
            first.boxes.append(box)
            continue
        groups.append(_Group(len(groups), [box]))
        by_text.setdefault(text, []).append(groups[-1])
        texts.add(text)
    return groups


def _place(group: _Group) -> int:
    return group.place
