"""Which queued video is worked on next: by the tier of its owner, and by how long it has waited."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from clipmill.errors import InvalidParameterError

LOWEST = 0
HIGHEST = 100
LARGEST_AGE_BOOST = 20
BOOSTED_EVERY = timedelta(hours=1)


class Tier(StrEnum):
    """What the owner of a video pays for."""

    FREE = "free"
    PREMIUM = "premium"
    ENTERPRISE = "enterprise"

    @classmethod
    def of(cls, name: str | None) -> "Tier":
        """The tier that a name in any letter case means; an unknown one counts as free."""
        known = {str(tier): tier for tier in cls}
        return known.get((name or "").strip().casefold(), cls.FREE)

    @property
    def base(self) -> int:
        return {Tier.FREE: 50, Tier.PREMIUM: 70, Tier.ENTERPRISE: 90}[self]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something in the queue."""

    item: str
    tier: Tier
    queued_at: datetime


def priority(tier: Tier, queued_at: datetime, now: datetime, *, age_boosting: bool = True) -> int:
    """0 to 100; one more for each hour in the queue, up to 20.

    >>> from datetime import UTC
    >>> priority(Tier.PREMIUM, datetime(2026, 5, 1, 10, 0, tzinfo=UTC), datetime(2026, 5, 1, 11, 30, tzinfo=UTC))
    71
    """
    age = max(_aware(now, "now") - _aware(queued_at, "queued_at"), timedelta(0))
    boost = min(age // BOOSTED_EVERY, LARGEST_AGE_BOOST) if age_boosting else 0
    return min(max(tier.base + boost, LOWEST), HIGHEST)


def in_turn(waiting: Iterable[Waiting], now: datetime, *, age_boosting: bool = True) -> list[Waiting]:
    """The queue in the order in which it is started: by priority as it is now, the oldest of equals first."""

    def turn(one: Waiting) -> tuple[int, datetime]:
        return -priority(one.tier, one.queued_at, now, age_boosting=age_boosting), one.queued_at

    return sorted(waiting, key=turn)


def priority_tags(tenant_id: str, tier: Tier, value: int, *, age_boosting: bool = True) -> list[str]:
    """The tags under which a flow run is found again.

    >>> priority_tags("team", Tier.FREE, 53)
    ['tenant:team', 'tier:free', 'priority:53', 'age-boosting:enabled']
    """
    boosting = "enabled" if age_boosting else "disabled"
    return [f"tenant:{tenant_id}", f"tier:{tier}", f"priority:{value}", f"age-boosting:{boosting}"]


def _aware(moment: datetime, field: str) -> datetime:
    if moment.utcoffset() is None:
        raise InvalidParameterError(
            f"{field}: expected a time with its zone, got the naive {moment.isoformat()}. Send it in UTC.",
            details={"field": field},
        )
    return moment
