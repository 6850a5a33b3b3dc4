"""Where captions begin and end, from what a pair model says about every two neighbouring frames.

*Convention:* pair k joins frames k and k + 1, so n pairs mean n + 1 frames. Captions are half-open, in frames.

A frame either shows a caption or is empty. The most probable sequence of the two states (Viterbi, in logarithms) gives
runs of captioned frames; inside a run a caption gives way to the next where *different* beats *same*. One wrong pair
moves neither.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from clipmill.errors import InvalidParameterError, ModelOutputInvalidError
from clipmill.media.captions.pairs import Vector, checked, fused

SMALLEST_PROBABILITY = 1e-9
EQUAL_SCORES = 1e-9
LARGEST_MINIMUM = 600


@dataclass(frozen=True, slots=True)
class PredictedCaption:
    """A caption that the model sees, with its least certain transition."""

    start_frame: int
    end_frame: int
    confidence: float


def derive_captions(
    forward: Iterable[Iterable[float]], backward: Iterable[Iterable[float]], min_caption_frames: int = 1
) -> list[PredictedCaption]:
    """The captions in the order of the video, from both readings of every pair.

    >>> sure = lambda label: [0.96 if k == label else 0.01 for k in range(5)]
    >>> seen, turned = [3, 0, 1, 4], [4, 0, 1, 3]
    >>> [(one.start_frame, one.end_frame) for one in derive_captions(map(sure, seen), map(sure, turned))]
    [(1, 3), (3, 4)]
    """
    if not 1 <= min_caption_frames <= LARGEST_MINIMUM:
        raise InvalidParameterError(
            f"min_caption_frames: expected 1 to {LARGEST_MINIMUM}, got {min_caption_frames}.",
            details={"field": "min_caption_frames"},
        )
    vectors = fuse_pairs(forward, backward)
    return [one for one in _captions(vectors) if one.end_frame - one.start_frame >= min_caption_frames]


def fuse_pairs(forward: Iterable[Iterable[float]], backward: Iterable[Iterable[float]]) -> list[Vector]:
    """One checked vector for every pair."""
    ahead = [checked(vector, f"forward pair {k}") for k, vector in enumerate(forward)]
    back = [checked(vector, f"backward pair {k}") for k, vector in enumerate(backward)]
    if len(ahead) != len(back):
        raise ModelOutputInvalidError(
            f"pairs: expected as many backward as forward ones, got {len(back)} and {len(ahead)}. "
            "Run the pair model on every pair in both directions."
        )
    return list(map(fused, ahead, back))


def captioned_frames(vectors: Sequence[Vector]) -> list[bool]:
    """Whether each frame shows a caption, by the most probable sequence; without evidence none does."""
    # Only the lead of "captioned" over "empty" is kept: the scores themselves would grow with the video and lose digits.
    lead = 0.0
    origins: list[tuple[bool, bool]] = []
    for same, different, both_empty, starts, ends in vectors:
        stay_empty, leave = _log(both_empty), lead + _log(ends)
        enter, stay = _log(starts), lead + _log(max(same, different))
        empty_from_caption = leave > stay_empty + EQUAL_SCORES
        caption_from_caption = stay >= enter - EQUAL_SCORES
        origins.append((empty_from_caption, caption_from_caption))
        lead = (stay if caption_from_caption else enter) - (leave if empty_from_caption else stay_empty)
    return _walk_back(origins, last=lead > EQUAL_SCORES)


def _walk_back(origins: Sequence[tuple[bool, bool]], *, last: bool) -> list[bool]:
    states = [last]
    for origin in reversed(origins):
        states.append(origin[states[-1]])
    states.reverse()
    return states


def _log(probability: float) -> float:
    return math.log(max(probability, SMALLEST_PROBABILITY))


def _captions(vectors: Sequence[Vector]) -> Iterator[PredictedCaption]:
    states = captioned_frames(vectors)
    start, confidence = 0, 1.0
    for k, vector in enumerate(vectors):
        same, different, _, starts, ends = vector
        match states[k], states[k + 1]:
            case False, True:
                start, confidence = k + 1, starts
            case True, False:
                yield PredictedCaption(start, k + 1, min(confidence, ends))
            case True, True if different > same:
                yield PredictedCaption(start, k + 1, min(confidence, different))
                start, confidence = k + 1, different
            case True, True:
                confidence = min(confidence, same)
            case _:
                pass
    if states[-1]:
        yield PredictedCaption(start, len(states), confidence)
