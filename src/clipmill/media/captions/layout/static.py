"""Which boxes cannot be captions by themselves: unreadable ones, and text that stands still."""

from collections.abc import Iterable

from clipmill.media.captions.layout.boxes import ROUNDING, Box, overlap
from clipmill.media.captions.layout.wording import similarity, wording
from clipmill.media.geometry import Size

LOWEST_CONFIDENCE = 0.5
LOWEST_HEIGHT = 0.012
LARGEST_HEIGHT = 0.25
NARROWEST_RATIO = 0.5
"""Of width to height in pixels."""
SAME_PLACE = 0.5
SAME_TEXT = 0.6
FEWEST_STATIC_FRAMES = 3


def eligible(box: Box, frame: Size) -> bool:
    """Whether a box can be a caption at all: sure enough, of a readable height, with text, not upright."""
    return (
        box.confidence >= LOWEST_CONFIDENCE - ROUNDING
        and LOWEST_HEIGHT - ROUNDING <= box.height <= LARGEST_HEIGHT + ROUNDING
        and bool(wording(box.text))
        and box.width * frame.width >= NARROWEST_RATIO * box.height * frame.height - ROUNDING
    )


def static_boxes(boxes: Iterable[Box], ocr_frame_count: int) -> list[Box]:
    """The boxes that show nearly the same text in nearly the same place in three tenths of the frames."""
    needed = max(FEWEST_STATIC_FRAMES, -(-3 * ocr_frame_count // 10))
    groups = _groups(boxes)
    return [box for group in groups if len({box.frame_index for box in group}) >= needed for box in group]


def _groups(boxes: Iterable[Box]) -> list[list[Box]]:
    """Boxes by the first group whose founder they resemble."""
    groups: list[list[Box]] = []
    alike: dict[tuple[str, str], bool] = {}
    joined: dict[tuple[float, float, float, float, str], list[Box]] = {}
    for box in boxes:
        text = wording(box.text)
        # What is equal in place and wording joins the same group: no group before it can change its mind.
        twin = (box.left, box.top, box.right, box.bottom, text)
        group = joined.get(twin) or next((one for one in groups if _resemble(one[0], box, text, alike)), None)
        if group is None:
            group = []
            groups.append(group)
        group.append(box)
        joined[twin] = group
    return groups


def _resemble(founder: Box, box: Box, text: str, alike: dict[tuple[str, str], bool]) -> bool:
    if overlap(founder, box) < SAME_PLACE - ROUNDING:
        return False
    texts = (wording(founder.text), text)
    if texts not in alike:
        alike[texts] = similarity(*texts) >= SAME_TEXT - ROUNDING
    return alike[texts]
