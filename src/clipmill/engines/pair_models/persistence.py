"""Strokes that stay where they are: a caption stands still for some frames, other writing mostly moves.

*Convention:* strokes are uint8 of shape (n, height, width, 2): how far each pixel stands out, bright and dark, in n frames that
follow one another. Lasting strokes are the opening of that in time (the largest of the least values of all stretches of
so many frames that hold the frame): what stays for a stretch is left as it is, with sharp ends, and what moves is gone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHORT, LONG = 3, 5
"""Frames for which a stroke has to stay."""
AROUND = 3
"""Frames to either side among which the strongest lasting strokes tell how strong a fading caption becomes."""
REACH = AROUND + SHORT - 1
"""Frames before and after that tell about a frame."""

Strokes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class LastingStrokes:
    """What lasts of the strokes of some frames."""

    short: Strokes
    long: Strokes
    around: Strokes
    """The strongest short ones of the frame and its neighbours."""

    def pair(self, number: int) -> "LastingStrokes":
        """That of a frame and the next."""
        part = slice(number, number + 2)
        return LastingStrokes(self.short[part], self.long[part], self.around[part])

    def without(self, strokes: Strokes) -> "LastingStrokes":
        """What is left when some strokes are taken away."""
        return LastingStrokes(*(part - np.minimum(part, strokes) for part in (self.short, self.long, self.around)))


def lasting(strokes: Strokes) -> LastingStrokes:
    """What lasts of the strokes of all frames but the first and the last REACH, which are only looked at."""
    short, long = _opened(strokes, SHORT), _opened(strokes, LONG)
    margin = REACH - LONG + 1
    return LastingStrokes(short[AROUND:-AROUND], long[margin:-margin], _highest(short, 2 * AROUND + 1))


def _opened(strokes: Strokes, frames: int) -> Strokes:
    """The opening in time of all frames but the first and last ``frames - 1``."""
    return _highest(_lowest(strokes, frames), frames)


def _lowest(values: Strokes, frames: int) -> Strokes:
    for _ in range(frames - 1):
        values = np.minimum(values[1:], values[:-1])
    return values


def _highest(values: Strokes, frames: int) -> Strokes:
    for _ in range(frames - 1):
        values = np.maximum(values[1:], values[:-1])
    return values
