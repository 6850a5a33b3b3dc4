"""How many stand-ins a clip may have: a second in a row, a twentieth of all."""

from fractions import Fraction

import av
import pytest

from clipmill.engines.concealment import Concealment
from clipmill.engines.decode import Picture, Sighting
from clipmill.errors import CorruptMediaError


def sight(time: Fraction, *, stand_in: bool) -> Sighting:
    return Sighting(Picture(av.VideoFrame(16, 16, "yuv420p"), time), None, stand_in)


def met(pattern: str, rate: int = 10) -> Concealment:
    """What is met in a clip of pictures that are there (.) or not (x)."""
    report = Concealment(Fraction(rate))
    for number, mark in enumerate(pattern):
        report.note(sight(Fraction(number, rate), stand_in=mark == "x"))
    return report


def test_stand_ins_are_counted():
    report = met("..x.xx....")
    assert (report.concealed, report.drawn) == (3, 10)


@pytest.mark.parametrize("rate", [10, 25])
def test_a_second_in_a_row_passes_and_one_picture_more_does_not(rate: int):
    assert met("." + "x" * rate, rate).concealed == rate
    with pytest.raises(CorruptMediaError, match=r"more than 1 s .* up to source time 1\."):
        met("." + "x" * (rate + 1), rate)


def test_a_picture_between_begins_a_new_row():
    assert met("x" * 10 + "." + "x" * 10).concealed == 20


def test_a_twentieth_of_a_clip_passes_and_more_does_not():
    met("x" + "." * 19).settle()
    with pytest.raises(CorruptMediaError, match="2 of 39 pictures"):
        met("xx" + "." * 37).settle()


def test_pictures_that_were_copied_count_as_shown():
    met("xx" + "." * 3).settle(40)
    with pytest.raises(CorruptMediaError, match="2 of 39 pictures"):
        met("xx" + "." * 3).settle(39)


def test_a_clip_of_nothing_has_nothing_missing():
    met("").settle()
