"""What a frame's colour tags say, and what they mean where they say nothing.

Convention: names are those of H.273 as libav spells them. A matrix is never left open: untagged pictures are BT.709 from
1280 pixels of width or more than 576 lines on, BT.601 below.
"""

from typing import Literal

import av

from clipmill.media.geometry import Size
from clipmill.media.info import Colour

_MATRICES = {
    0: "gbr",
    1: "bt709",
    4: "fcc",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "ycgco",
    9: "bt2020nc",
    10: "bt2020c",
    14: "ictcp",
}
_PRIMARIES = {
    1: "bt709",
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "film",
    9: "bt2020",
    10: "smpte428",
    11: "smpte431",
    12: "smpte432",
    22: "ebu3213",
}
_TRANSFERS = {
    1: "bt709",
    4: "gamma22",
    5: "gamma28",
    6: "smpte170m",
    7: "smpte240m",
    8: "linear",
    9: "log100",
    10: "log316",
    11: "iec61966-2-4",
    12: "bt1361e",
    13: "iec61966-2-1",
    14: "bt2020-10",
    15: "bt2020-12",
    16: "smpte2084",
    17: "smpte428",
    18: "arib-std-b67",
}
_HDR: dict[str, Literal["pq", "hlg"]] = {"smpte2084": "pq", "arib-std-b67": "hlg"}
_FULL_RANGE = 2
_RANGE_UNTAGGED = 0


def colour_of(frame: av.VideoFrame) -> Colour:
    """The colours of a decoded frame."""
    primaries, transfer = _PRIMARIES.get(frame.color_primaries), _TRANSFERS.get(frame.color_trc)
    wide = primaries == "bt2020" or transfer in _HDR
    size = Size(frame.width, frame.height)
    matrix = _MATRICES.get(frame.colorspace) or ("bt2020nc" if wide else untagged_matrix(size))
    return Colour(matrix, primaries, transfer, _is_full_range(frame))


def untagged_matrix(size: Size) -> str:
    """The matrix of a picture that names none.

    >>> untagged_matrix(Size(1280, 536)), untagged_matrix(Size(720, 576))
    ('bt709', 'smpte170m')
    """
    longer, shorter = max(size.width, size.height), min(size.width, size.height)
    return "bt709" if longer >= 1280 or shorter > 576 else "smpte170m"


def hdr_of(colour: Colour) -> Literal["pq", "hlg"] | None:
    """The high-dynamic-range transfer in use, if any."""
    return _HDR.get(colour.transfer or "")


def _is_full_range(frame: av.VideoFrame) -> bool:
    if frame.color_range == _RANGE_UNTAGGED:
        return frame.format.name.startswith("yuvj") or frame.format.is_rgb
    return frame.color_range == _FULL_RANGE
