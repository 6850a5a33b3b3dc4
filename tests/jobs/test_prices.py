from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmill.errors import InvalidRequestError
from clipmill.function.needs import Gpu
from clipmill.jobs.prices import PUBLISHED, Prices, bill
from clipmill.settings import Settings

SECONDS = st.decimals(0, 10_000, places=3)


def test_machines_of_ones_own_cost_nothing():
    assert {Prices().rate(runner, gpu) for runner in ("local", "prefect", "elsewhere") for gpu in Gpu} == {0}


@pytest.mark.parametrize("runner", ["modal", "runpod"])
def test_a_larger_card_never_costs_less(runner: str):
    cards = [PUBLISHED[runner, gpu] for gpu in (Gpu.SMALL, Gpu.MEDIUM, Gpu.LARGE)]
    assert cards == sorted(cards)


def test_a_deployment_sets_prices_of_its_own_over_the_published_ones():
    prices = Settings.from_environment({"CLIPMILL_PRICES": "runpod.small=0.00011, local.none=0.00002"}).prices
    assert prices.rate("runpod", Gpu.SMALL) == Decimal("0.00011")
    assert prices.rate("local", Gpu.NONE) == Decimal("0.00002")
    assert prices.rate("modal", Gpu.SMALL) == PUBLISHED["modal", Gpu.SMALL]


@pytest.mark.parametrize(
    "text", ["runpod=1", "runpod.huge=1", "moon.small=1", "runpod.small=free", "runpod.small=-1", "x"]
)
def test_a_price_that_cannot_be_meant_is_refused(text: str):
    with pytest.raises(InvalidRequestError, match=r"CLIPMILL_PRICES: expected runner\.class=USD"):
        Settings.from_environment({"CLIPMILL_PRICES": text})


@given(SECONDS, SECONDS)
def test_a_bill_is_exact_to_half_a_millionth(one: Decimal, other: Decimal):
    bills = [Prices().microusd("modal", Gpu.MEDIUM, seconds) for seconds in (one, other)]
    exact = [seconds * PUBLISHED["modal", Gpu.MEDIUM] * 1_000_000 for seconds in (one, other)]
    assert all(abs(told - true) <= Decimal("0.5") for told, true in zip(bills, exact, strict=True))


def test_a_call_is_billed_by_the_seconds_of_its_card():
    result = {"timings": {"total_s": 9.0, "gpu_s": 2.0}}
    assert bill(Prices(), "modal", Gpu.MEDIUM, result) == 612
    assert bill(Prices(), "modal", Gpu.NONE, result) == bill(Prices(), "modal", Gpu.SMALL, result) == 334


@pytest.mark.parametrize("result", [{"timings": {"total_s": 2.0, "gpu_s": 0.0}}, {"processing_duration_seconds": 2}])
def test_a_call_without_a_card_is_billed_by_all_its_seconds(result: dict[str, object]):
    assert bill(Prices(), "modal", Gpu.NONE, result) == 70


def test_a_result_that_tells_no_time_costs_nothing():
    assert bill(Prices(), "modal", Gpu.SMALL, {"status": "success", "timings": None}) == 0
