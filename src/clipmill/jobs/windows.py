"""Which share of the bar each stage owns, and what is said meanwhile.

Convention: percent of the whole job; a stage without a window keeps the bar where it is.
"""

import math
from collections.abc import Mapping
from fractions import Fraction

from clipmill.function.stages import Stage

Windows = Mapping[Stage, tuple[int, int]]

SINGLE_JOB: Windows = {
    Stage.QUEUED: (0, 0),
    Stage.STARTING: (0, 0),
    Stage.DOWNLOADING: (0, 5),
    Stage.PREPARING: (5, 15),
    Stage.PROCESSING: (15, 85),
    Stage.ENCODING: (85, 95),
    Stage.UPLOADING: (95, 99),
    Stage.PUBLISHING: (99, 100),
}

MULTI_CLIP: Windows = {
    Stage.QUEUED: (0, 0),
    Stage.STARTING: (0, 5),
    Stage.PREPARING: (5, 10),
    Stage.PROCESSING: (10, 80),
    Stage.ENCODING: (80, 90),
    Stage.UPLOADING: (90, 95),
    Stage.PUBLISHING: (95, 100),
}

CAPTIONS: Windows = {
    Stage.QUEUED: (0, 0),
    Stage.STARTING: (0, 1),
    Stage.PREPARING: (1, 25),
    Stage.PROCESSING: (25, 80),
    Stage.ENCODING: (80, 98),
    Stage.UPLOADING: (98, 99),
    Stage.PUBLISHING: (99, 100),
}

MESSAGES: Mapping[Stage, str] = {
    Stage.QUEUED: "waiting for a free place",
    Stage.STARTING: "starting",
    Stage.DOWNLOADING: "downloading the source",
    Stage.PREPARING: "reading the source",
    Stage.PROCESSING: "rendering",
    Stage.ENCODING: "finishing the file",
    Stage.UPLOADING: "uploading",
    Stage.PUBLISHING: "publishing",
    Stage.DONE: "done",
}

CAPTION_MESSAGES: Mapping[Stage, str] = {
    **MESSAGES,
    Stage.PREPARING: "looking for the captions",
    Stage.PROCESSING: "timing the captions",
    Stage.ENCODING: "reading the captions",
    Stage.PUBLISHING: "writing the files",
}

MOST_WHILE_RUNNING = Fraction(999, 10)


def percent(windows: Windows, stage: Stage, part: Fraction) -> Fraction | None:
    """Where the bar stands when ``part`` (0..1) of a stage is done; None for a stage without a window.

    >>> percent(SINGLE_JOB, Stage.PROCESSING, Fraction(1, 5))
    Fraction(29, 1)
    """
    if stage not in windows:
        return None
    low, high = windows[stage]
    return min(low + (high - low) * min(max(part, Fraction(0)), Fraction(1)), MOST_WHILE_RUNNING)


def one_decimal(value: Fraction) -> float:
    """Rounded down, so that the bar never shows more than is done.

    >>> one_decimal(Fraction(4199, 100))
    41.9
    """
    return math.floor(value * 10) / 10
