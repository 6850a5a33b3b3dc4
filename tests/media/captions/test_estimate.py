from decimal import Decimal
from fractions import Fraction

import pytest

from clipmill.errors import LimitExceededError
from clipmill.media.captions.estimate import Prices, Work, actual_cost, check_limits, estimate


def costs(work: Work, prices: Prices | None = None) -> list[str]:
    found = estimate(work, prices or Prices())
    return [str(line.cost) for line in found.lines] + [str(found.total)]


@pytest.mark.parametrize(("work", "expected"), [
    (Work(Fraction(3600)), ["0.05", "0.28", "0.01", "0.34"]),
    (Work(Fraction(600), readings=3), ["0.01", "0.05", "0.02", "0.08"]),
    (Work(Fraction(7200), vision_images=730), ["0.10", "0.55", "0.01", "1.10", "1.76"]),
    (Work(Fraction(1), readings=0), ["0.00", "0.00", "0.00", "0.00"]),
])  # fmt: skip
def test_lines_are_rounded_half_up_and_the_total_is_their_sum(work, expected):
    assert costs(work) == expected


def test_seconds_of_each_call_are_estimated():
    assert [line.seconds for line in estimate(Work(Fraction(120), 2, 5)).lines] == [10, 30, 60, None]


def test_prices_are_configuration():
    assert costs(Work(Fraction(3600)), Prices(a10g_per_hour=Decimal(4), inference_speed=Fraction(2)))[1] == "2.00"


def test_the_actual_cost_is_that_of_the_seconds_it_took():
    assert actual_cost(Fraction(125, 10), Decimal("1.10")) == Decimal("0.003819")


def test_an_estimate_at_the_limit_passes_and_one_above_is_refused_with_both():
    expected = estimate(Work(Fraction(3600)))
    check_limits(expected, 432_000, max_cost_usd=Decimal("0.34"))
    with pytest.raises(LimitExceededError, match=r"0\.34 USD.*0\.33") as fault:
        check_limits(expected, 10, max_cost_usd=Decimal("0.33"))
    assert fault.value.details == {"estimate": "0.34", "limit": "0.33"}


def test_too_many_frames_are_refused():
    with pytest.raises(LimitExceededError, match="432001"):
        check_limits(estimate(Work(Fraction(43200))), 432_001)
