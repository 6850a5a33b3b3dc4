"""Pairs whose first answer is doubted: the same network is asked again, of strokes from which more is taken away.

*Convention:* a pair is two strips that follow one another, and has a forward and a backward row. What a look finds rests on the
strips within REACH of the pair alone, so that rows don't hang on how the frames of a video are parted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clipmill.engines.pair_models.letters import letters_alike
from clipmill.engines.pair_models.model import Rows
from clipmill.engines.pair_models.motion import passing_strokes
from clipmill.engines.pair_models.persistence import SHORT, LastingStrokes
from clipmill.engines.pair_models.planes import Planes, StripReading, planes_with, strokes_at
from clipmill.engines.pair_models.stripes import mostly_stripes, striped_strokes
from clipmill.media.captions.pairs import LABELS

Answer = Callable[[Planes], tuple[Rows, Rows]]
"""Forward and backward rows of strips that follow one another, from their planes."""

SAME, DIFFERENT, BOTH_EMPTY, STARTS, ENDS = range(len(LABELS))
TURNED = [SAME, DIFFERENT, BOTH_EMPTY, ENDS, STARTS]
NO_LETTERS, NO_CAPTION = 0.75, 0.85
"""From which probability a second answer that sees less is believed: without stripes, and without writing that passes."""
MOSTLY_LASTING = 0.7
"""The share of strokes that last from which nothing passes but what a caption stands before."""
DOUBTFUL, SURE = 0.01, 0.999
"""From which probability of *different* on a pair is looked at alone, and from which it is then believed."""
OTHER_LETTERS = 0.66
"""The share of lasting strokes that are in both strips, up to which the letters may be others."""
ALIKE, UNALIKE = 0.5, 0.2
"""The correlations of letters from which they are the same and up to which they are others."""
SURELY_EMPTY, UNSEEN = 0.985, 0.15
"""Up to which probabilities of *empty_empty* and of *same* faint captions are looked for."""
STILL, SAME_SCENE = 0.9, 0.5
"""The shares of strokes that last where nothing moves, and of lasting strokes that are in both strips where the picture is not cut."""
FAINT = 24
"""Levels of a stroke that are left out of the shares."""

Pair = NDArray[np.float64]
"""Forward and backward row, (2, 5)."""


@dataclass(frozen=True, slots=True)
class Doubted:
    """A pair with what is around it."""

    rows: Pair
    readings: Sequence[StripReading]
    place: int
    """Of its first strip among the readings."""
    lasts: LastingStrokes
    answer: Answer

    @property
    def strips(self) -> Sequence[StripReading]:
        return self.readings[self.place : self.place + 2]

    @property
    def fused(self) -> NDArray[np.float64]:
        return fused(self.rows)

    @property
    def label(self) -> int:
        return int(self.fused.argmax())

    def asked(self, lasts: LastingStrokes) -> Pair:
        """What the network says when this lasts."""
        forward, backward = self.answer(planes_with(self.strips, lasts))
        return np.stack([forward[0], backward[0]])


def fused(rows: Pair) -> NDArray[np.float64]:
    """The mean of both rows, in forward words."""
    return (rows[0] + rows[1][TURNED]) / 2


def looked_at_again(
    rows: tuple[Rows, Rows], readings: Sequence[StripReading], first: int, lasts: LastingStrokes, answer: Answer
) -> tuple[Rows, Rows]:
    """The rows of pairs that follow one another, the first of which begins at a place; those that are doubted are mended."""
    seen = np.stack(rows, axis=1)
    for number, both in enumerate(seen):
        pair = Doubted(both, readings, first + number, lasts.pair(number), answer)
        for look in LOOKS:
            pair = replace(pair, rows=look(pair))
        seen[number] = pair.rows
    return seen[:, 0], seen[:, 1]


def _without_stripes(pair: Doubted) -> Pair:
    if pair.label == BOTH_EMPTY:
        return pair.rows
    strips = [(reading.luma, lasting) for reading, lasting in zip(pair.strips, pair.lasts.short, strict=True)]
    asked = {STARTS: strips[1:], DIFFERENT: strips}.get(pair.label, strips[:1])
    if not any(mostly_stripes(*strip) for strip in asked):
        return pair.rows
    stripes = np.stack([striped_strokes(*strip) for strip in strips])
    return _emptier(pair, stripes, [BOTH_EMPTY, STARTS, ENDS], NO_LETTERS)


def _without_what_passes(pair: Doubted) -> Pair:
    if pair.label == BOTH_EMPTY or _lasting_share(pair) > MOSTLY_LASTING:
        return pair.rows
    passing = passing_strokes([reading.strokes for reading in pair.readings], pair.place)
    return pair.rows if passing is None else _emptier(pair, passing, [BOTH_EMPTY], NO_CAPTION)


def _lasting_share(pair: Doubted) -> float:
    """How much of the strokes of both strips lasts."""
    return _amount(pair.lasts.short) / max(1.0, _amount(np.stack([one.strokes for one in pair.strips])))


def _amount(strokes: NDArray[np.uint8]) -> float:
    import cv2

    return cv2.norm(strokes.reshape(len(strokes), -1), cv2.NORM_L1)


def _emptier(pair: Doubted, strokes: NDArray[np.uint8], labels: list[int], sure: float) -> Pair:
    """The answer without some strokes, where it clearly sees less of captions."""
    again = pair.asked(pair.lasts.without(strokes))
    return again if fused(again)[labels].max() > sure else pair.rows


def _alone(pair: Doubted) -> Pair:
    """A caption too short to last: its strokes are not wiped when nothing is known but the pair."""
    doubted = pair.label == SAME and pair.fused[DIFFERENT] > DOUBTFUL and len(pair.readings) >= SHORT
    if not doubted or _stays(pair) > OTHER_LETTERS:
        return pair.rows
    again = _by_itself(pair)
    return again if fused(again)[DIFFERENT] > SURE else pair.rows


def _by_itself(pair: Doubted) -> Pair:
    """What the network says when it knows nothing but the pair."""
    strokes = np.stack([reading.strokes for reading in pair.strips])
    return pair.asked(LastingStrokes(strokes, strokes, strokes.max(axis=0, keepdims=True).repeat(2, axis=0)))


def _coloured(pair: Doubted) -> Pair:
    """Letters that are sung or fade change their colour and not their shape."""
    if pair.label == BOTH_EMPTY or pair.fused[DIFFERENT] <= pair.fused[SAME]:
        return pair.rows
    alike = letters_alike(*(one.strip for one in pair.strips))
    return _turned(pair.rows) if alike is not None and alike > ALIKE else pair.rows


def _faint(pair: Doubted) -> Pair:
    """Where a caption so faint that only staying tells of it gives way to another, none is seen, and the letters tell of both."""
    same, different, both_empty, *_ = pair.fused
    doubted = pair.label == BOTH_EMPTY and both_empty < SURELY_EMPTY and different < same < UNSEEN
    if not doubted or _lasting_share(pair) < STILL or _stays(pair) < SAME_SCENE:
        return pair.rows
    alike = letters_alike(*(one.strip for one in pair.strips))
    return _turned(pair.rows) if alike is not None and alike < UNALIKE else pair.rows


def _turned(rows: Pair) -> Pair:
    """Same for different."""
    turned = rows.copy()
    turned[:, [SAME, DIFFERENT]] = rows[:, [DIFFERENT, SAME]]
    return turned


def _stays(pair: Doubted) -> float:
    """How much of the strokes that last for two or three strips in one of the two lasts from one to the other."""
    before, first, second, after = (strokes_at(pair.readings, pair.place + step) for step in range(-1, 3))
    both = np.minimum(first, second)
    across = np.minimum(both, np.maximum(before, after))
    brief = np.maximum(both, np.maximum(np.minimum(before, first), np.minimum(second, after)))
    return min(_share(across, pair.lasts.short.max(axis=0)), _share(both, brief))


def _share(part: NDArray[np.uint8], whole: NDArray[np.uint8]) -> float:
    return _weight(part) / max(1, _weight(whole))


def _weight(strokes: NDArray[np.uint8]) -> int:
    return int(strokes[strokes >= FAINT].sum(dtype=np.int64))


LOOKS = (_without_stripes, _without_what_passes, _alone, _coloured, _faint)
