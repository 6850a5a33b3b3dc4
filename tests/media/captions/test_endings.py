from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from clipmill.media.captions.boundaries import derive_captions
from clipmill.media.captions.endings import SETTLED, Endings

SAME, DIFFERENT, EMPTY, STARTS, ENDS = range(5)
TURNED = {STARTS: ENDS, ENDS: STARTS}


def sure(label: int) -> list[float]:
    return [0.96 if k == label else 0.01 for k in range(5)]


def labels(captions: list[int]) -> list[int]:
    """What happens between two frames, each showing the caption of a number, or none with 0."""
    return [
        (EMPTY if not one else SAME) if one == other else STARTS if not one else ENDS if not other else DIFFERENT
        for one, other in pairwise(captions)
    ]


STRETCHES = st.lists(st.tuples(st.integers(0, 3), st.integers(2, 40)), min_size=1, max_size=12)


@given(STRETCHES, st.lists(st.integers(1, 50), min_size=1, max_size=8))
def test_what_is_told_on_the_way_is_what_the_whole_video_says_however_its_pairs_come_in(
    stretches: list[tuple[int, int]], batches: list[int]
):
    seen = labels([text for text, frames in stretches for _ in range(frames)])
    forward, backward = [sure(one) for one in seen], [sure(TURNED.get(one, one)) for one in seen]
    endings, told, known = Endings(), [], 0
    while known < len(seen):
        known += batches[known % len(batches)]
        for span in endings.told(forward[:known], backward[:known]):
            assert endings.needed_from <= span[0]
            told.append(span)
    whole = [(one.start_frame, one.end_frame) for one in derive_captions(forward, backward)]
    assert told == [span for span in whole if span[1] <= len(seen) - SETTLED]
    assert all(endings.needed_from <= start for start, _ in whole[len(told) :])


def test_frames_of_a_stretch_without_captions_are_soon_needed_no_more():
    empty, endings = [sure(EMPTY)] * 200, Endings()
    assert list(endings.told(empty, empty)) == []
    assert endings.needed_from == 200 - 2 * SETTLED
