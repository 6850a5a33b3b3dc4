"""Who is served first: a base by tier, and a point for every full hour of waiting, twenty at most."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Self

HIGHEST = 100
HIGHEST_BONUS = 20
POINT = timedelta(hours=1)


class Tier(StrEnum):
    """What a tenant pays for."""

    FREE = "free"
    PREMIUM = "premium"
    ENTERPRISE = "enterprise"

    @classmethod
    def of(cls, text: str) -> Self:
        """The tier of that name in any letter case; an unknown one is free.

        >>> Tier.of("Premium"), Tier.of("gold")
        (<Tier.PREMIUM: 'premium'>, <Tier.FREE: 'free'>)
        """
        return cls(text.lower()) if text.lower() in set(cls) else cls("free")


BASE: Mapping[Tier, int] = {Tier.FREE: 50, Tier.PREMIUM: 70, Tier.ENTERPRISE: 90}


def priority(tier: Tier, age: timedelta) -> int:
    """From 0 to 100; ``age`` is the time since the job was submitted.

    >>> priority(Tier.PREMIUM, timedelta(minutes=90))
    71
    """
    bonus = min(max(age // POINT, 0), HIGHEST_BONUS)
    return min(BASE[tier] + bonus, HIGHEST)
