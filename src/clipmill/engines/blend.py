"""Mix frames: dissolves, fades and the pictures between two pictures.

Convention: 8-bit 4:2:0 BT.709 limited range in and out. Mixing gamma-coded R'G'B' and mixing Y'CbCr are the same sum,
so planes are mixed as they are.
"""

from collections.abc import Sequence
from fractions import Fraction

import av
import cv2

from clipmill.engines.resample import samples

BLACK = (16, 128, 128)


def mixed(left: av.VideoFrame, right: av.VideoFrame, weight: float | Fraction) -> av.VideoFrame:
    """``(1 - weight) * left + weight * right``."""
    incoming = float(weight)
    frame = av.VideoFrame(left.width, left.height, "yuv420p")
    for index in range(3):
        samples(frame, index)[:] = cv2.addWeighted(
            samples(left, index),
            1 - incoming,
            samples(right, index),
            incoming,
            0.0,
        )
    return frame


def blended(frames: Sequence[av.VideoFrame], weight: float) -> av.VideoFrame:
    """The only frame, or the mixture of two."""
    first, *others = frames
    return mixed(first, others[0], weight) if others else first


def dimmed(picture: av.VideoFrame, level: float | Fraction) -> av.VideoFrame:
    """The picture at ``level`` of its brightness: 0 is black, 1 the picture itself."""
    share = float(level)
    frame = av.VideoFrame(picture.width, picture.height, "yuv420p")
    for index, black in enumerate(BLACK):
        samples(frame, index)[:] = cv2.addWeighted(
            samples(picture, index),
            share,
            samples(picture, index),
            0.0,
            black * (1 - share),
        )
    return frame
