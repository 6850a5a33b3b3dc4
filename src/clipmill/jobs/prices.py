"""What a second of work costs, by runner and by class of graphics card.

Convention: US dollars per second as exact decimals. Bills are whole millionths of a dollar, estimates whole cents; both
are rounded half up, once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Self

from clipmill.function.needs import Gpu

Table = Mapping[tuple[str, Gpu], Decimal]

PUBLISHED: Table = {
    ("modal", Gpu.NONE): Decimal("0.000035"),  # two cores and four GiB
    ("modal", Gpu.SMALL): Decimal("0.000167"),  # T4, 0.60 an hour
    ("modal", Gpu.MEDIUM): Decimal("0.000306"),  # A10G, 1.10 an hour
    ("modal", Gpu.LARGE): Decimal("0.000542"),  # L40S
    ("runpod", Gpu.NONE): Decimal(
        "0.00016"
    ),  # counted as the smallest card, on which such jobs run unless told otherwise
    ("runpod", Gpu.SMALL): Decimal("0.00016"),  # A4000, RTX 4000; flex workers
    ("runpod", Gpu.MEDIUM): Decimal("0.00019"),  # L4, A5000
    ("runpod", Gpu.LARGE): Decimal("0.00034"),  # A6000, A40
}
"""List prices. Machines of one's own, those of the runners local and prefect, cost nothing here."""

RUNNERS = ("local", "modal", "runpod", "prefect")


@dataclass(frozen=True)
class Prices:
    """A price table; what it does not name costs nothing."""

    per_second: Table = field(default_factory=lambda: PUBLISHED)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The published table with other prices for some machines; `ValueError` tells what cannot be meant.

        >>> Prices.parse("runpod.small=0.00011").rate("runpod", Gpu.SMALL)
        Decimal('0.00011')
        """
        return cls({**PUBLISHED, **dict(_entry(word.strip()) for word in text.split(",") if word.strip())})

    def rate(self, runner: str, gpu: Gpu) -> Decimal:
        """US dollars for a second."""
        return self.per_second.get((runner, gpu), Decimal(0))

    def microusd(self, runner: str, gpu: Gpu, seconds: Decimal) -> int:
        """A bill in millionths of a dollar.

        >>> Prices().microusd("modal", Gpu.MEDIUM, Decimal("1.5"))
        459
        """
        return int((self.rate(runner, gpu) * seconds * 1_000_000).quantize(Decimal(1), ROUND_HALF_UP))

    def cents(self, runner: str, gpu: Gpu, seconds: Decimal) -> Decimal:
        """An estimate in dollars, to the cent.

        >>> Prices().cents("modal", Gpu.SMALL, Decimal(300))
        Decimal('0.05')
        """
        return (self.rate(runner, gpu) * seconds).quantize(Decimal("0.01"), ROUND_HALF_UP)


def bill(prices: Prices, runner: str, gpu: Gpu, result: Mapping[str, Any]) -> int:
    """What a call cost in millionths of a dollar, by the seconds that it measured itself.

    The seconds of a card count as those of the smallest at least, whatever the function asked for; else all seconds of
    the call do, by either name that results have for them.
    """
    timings = result.get("timings")
    spent = {**result, **(timings if isinstance(timings, Mapping) else {})}
    if (seconds := _seconds(spent.get("gpu_s"))) > 0:
        return prices.microusd(runner, Gpu.SMALL if gpu is Gpu.NONE else gpu, seconds)
    whole = spent.get("total_s", spent.get("processing_duration_seconds"))
    return prices.microusd(runner, gpu, _seconds(whole))


def _seconds(value: Any) -> Decimal:
    return max(Decimal(str(value)), Decimal(0)) if isinstance(value, int | float) else Decimal(0)


def _entry(word: str) -> tuple[tuple[str, Gpu], Decimal]:
    place, _, price = word.partition("=")
    runner, _, gpu = place.strip().partition(".")
    number = price.strip()
    if runner not in RUNNERS or gpu not in set(Gpu) or not number.replace(".", "", 1).isdecimal():
        raise ValueError(
            f"expected runner.class=USD a second, such as runpod.small=0.00016; runners: {', '.join(RUNNERS)}, "
            f"classes: {', '.join(Gpu)}"
        )
    return (runner, Gpu(gpu)), Decimal(number)
