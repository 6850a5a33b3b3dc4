from functools import reduce
from itertools import groupby, pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW

from clipmill.media.concealed import NOTHING, SHOWN, STAND_IN, Concealed

pictures = st.lists(st.booleans(), max_size=40)
"""Which pictures of a run are stand-ins."""


def met(stand_ins: list[bool]) -> Concealed:
    return reduce(Concealed.then, (STAND_IN if one else SHOWN for one in stand_ins), NOTHING)


@LAW
@given(pictures)
def test_what_was_met_is_counted(stand_ins: list[bool]):
    rows = [len(list(row)) for stands_in, row in groupby(stand_ins) if stands_in]
    found = met(stand_ins)
    assert (found.drawn, found.concealed, found.longest) == (len(stand_ins), sum(stand_ins), max(rows, default=0))


@LAW
@given(pictures, st.lists(st.integers(0, 40), max_size=5))
def test_parts_of_any_length_add_up_to_the_whole(stand_ins: list[bool], cuts: list[int]):
    edges = [0, *sorted(cuts), len(stand_ins)]
    runs = [met(stand_ins[first:last]) for first, last in pairwise(edges) if first <= last]
    assert reduce(Concealed.then, runs, NOTHING) == met(stand_ins)


def test_stand_ins_on_both_sides_of_a_boundary_stand_in_one_row():
    assert met([False, True, True]).then(met([True, False])).longest == 3
