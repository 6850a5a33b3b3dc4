import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW, moments

from clipmill.errors import InvalidRateError, InvalidRequestError
from clipmill.media.time import TimeIndex, exact, frame_count, parse_rate, round_half_up, selection_tolerance


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (0.1, Fraction(1, 10)),
        (1e-17, Fraction(1, 10**17)),
        (5e-324, Fraction(5, 10**324)),
        (-3, Fraction(-3)),
        (0, Fraction(0)),
        (-0.0, Fraction(0)),
        ("12.50", Fraction(25, 2)),
        (".5", Fraction(1, 2)),
        ("1e3", Fraction(1000)),
        (Decimal("0.1"), Fraction(1, 10)),
        (Fraction(1, 3), Fraction(1, 3)),
    ],
)
def test_a_number_means_its_shortest_decimal_form(value, meant):
    assert exact(value, "time") == meant


@LAW
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_survives_the_way_into_an_exact_time_and_back(value):
    assert float(exact(value, "time")) == value


@pytest.mark.parametrize(
    "value",
    [
        True, False, None, [], math.nan, math.inf, -math.inf, Decimal("NaN"), Decimal("Infinity"), Decimal("1e999999"),
        Decimal("1e-999999"), 10**400, "", " 1", "1 ", "1/2", "nan", "inf", "true", "1_000", "1e999", "1e9999999999", "٣",
        "1" * 100, "0x10", "-", ".",
    ],
)  # fmt: skip
def test_what_is_no_finite_number_is_rejected_with_its_field(value):
    with pytest.raises(InvalidRequestError, match=r"^trim_start: ") as caught:
        exact(value, "trim_start")
    assert caught.value.details == {"field": "trim_start"}


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (Fraction(1, 2), 1), (Fraction(-1, 2), 0), (Fraction(-3, 2), -1), (Fraction(75, 2), 38), (Fraction(7, 3), 2),
        (0.49999999999999994, 0), (0.5, 1), (-0.5, 0), (-1e-20, 0), (2.5, 3), (2**53 + 1.0, 2**53),
    ],
)  # fmt: skip
def test_halves_round_up(value, rounded):
    assert round_half_up(value) == rounded


@LAW
@given(st.fractions())
def test_rounding_is_the_floor_of_a_half_more(value):
    assert round_half_up(value) == math.floor(value + Fraction(1, 2))


@pytest.mark.parametrize(
    ("value", "rate"),
    [
        (29.97, Fraction(30000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        (23.976, Fraction(24000, 1001)),
        (23.98, Fraction(24000, 1001)),
        (47.952, Fraction(48000, 1001)),
        (59.94, Fraction(60000, 1001)),
        (119.88, Fraction(120000, 1001)),
        (239.76, Fraction(240000, 1001)),
        (30, Fraction(30)),
        (24, Fraction(24)),
        (29.96, Fraction(2996, 100)),
        ("30000/1001", Fraction(30000, 1001)),
        ("2997/100", Fraction(2997, 100)),
        (Fraction(2997, 100), Fraction(2997, 100)),
        (12.5, Fraction(25, 2)),
        (1, Fraction(1)),
        ("240/1", Fraction(240)),
        ("5/1", Fraction(5)),
    ],
)
def test_a_rate_is_a_number_a_decimal_text_or_a_fraction(value, rate):
    assert parse_rate(value, "fps") == rate


@pytest.mark.parametrize(
    "value",
    [
        0,
        -30,
        0.99,
        240.1,
        241,
        "0/1",
        "30/0",
        "-30/1",
        "30/1.001",
        "source",
        "",
        None,
        True,
        math.nan,
        math.inf,
        "1/2",
        [30],
    ],
)
def test_a_rate_outside_1_to_240_or_unreadable_is_rejected(value):
    with pytest.raises(InvalidRateError, match=r"^fps: .* 1 to 240 ") as caught:
        parse_rate(value, "fps")
    assert caught.value.details == {"field": "fps"}


def test_the_tolerance_is_a_millisecond_or_a_quarter_of_a_fast_frame():
    assert selection_tolerance(Fraction(30)) == Fraction(1, 1000)
    assert selection_tolerance(Fraction(250)) == Fraction(1, 1000)
    assert selection_tolerance(Fraction(1000)) == Fraction(1, 4000)


def test_a_quarter_more_than_a_second_at_30_is_38_frames():
    assert frame_count(Fraction(5, 4), Fraction(30)) == 38


def test_a_range_shorter_than_one_frame_is_one_frame():
    assert frame_count(Fraction(1, 1000), Fraction(30)) == 1


@LAW
@given(st.lists(moments, min_size=1, max_size=20), moments)
def test_the_index_finds_the_last_time_that_is_not_after(times, t):
    ordered = sorted(times)
    found = [position for position, time in enumerate(ordered) if time <= t]
    assert TimeIndex(ordered).last_at(t) == (found[-1] if found else -1)


def test_the_index_tells_times_apart_that_are_the_same_float():
    base, step = Fraction(10**6), Fraction(1, 10**15)
    index = TimeIndex([base + step, base + 2 * step, base + 3 * step])
    assert [index.last_at(base + n * step) for n in range(5)] == [-1, 0, 1, 2, 2]
