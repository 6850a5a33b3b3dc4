from datetime import UTC, datetime, timedelta, timezone

import pytest

from clipmill.errors import InvalidParameterError
from clipmill.media.captions.priority import Tier, Waiting, in_turn, priority, priority_tags

NOW = datetime(2026, 5, 6, 12, tzinfo=UTC)


@pytest.mark.parametrize(("tier", "minutes", "expected"), [
    (Tier.PREMIUM, 90, 71), (Tier.FREE, 0, 50), (Tier.FREE, 59, 50), (Tier.FREE, 60, 51), (Tier.FREE, 20 * 60, 70), (Tier.FREE, 90 * 60, 70),
    (Tier.ENTERPRISE, 30 * 60, 100), (Tier.ENTERPRISE, 150, 92), (Tier.PREMIUM, -300, 70),
])  # fmt: skip
def test_waiting_raises_a_priority_by_one_an_hour_up_to_twenty(tier, minutes, expected):
    assert priority(tier, NOW - timedelta(minutes=minutes), NOW) == expected


def test_without_age_boosting_the_tier_alone_counts():
    assert priority(Tier.PREMIUM, NOW - timedelta(days=1), NOW, age_boosting=False) == 70


@pytest.mark.parametrize(
    ("name", "tier"),
    [
        ("Premium", Tier.PREMIUM),
        ("ENTERPRISE", Tier.ENTERPRISE),
        ("free", Tier.FREE),
        ("gold", Tier.FREE),
        (None, Tier.FREE),
    ],
)
def test_a_tier_is_read_in_any_letter_case_and_free_when_unknown(name, tier):
    assert Tier.of(name) is tier


def test_times_of_other_zones_are_compared_and_naive_ones_refused():
    assert priority(Tier.FREE, datetime(2026, 5, 6, 12, tzinfo=timezone(timedelta(hours=2))), NOW) == 52
    with pytest.raises(InvalidParameterError, match="queued_at"):
        priority(Tier.FREE, datetime(2026, 5, 6), NOW)  # noqa: DTZ001


def test_the_queue_is_served_by_priority_of_the_moment_and_then_by_age():
    hours = {
        "new premium": (Tier.PREMIUM, 0),
        "old free": (Tier.FREE, 25),
        "free": (Tier.FREE, 3),
        "older free": (Tier.FREE, 30),
        "enterprise": (Tier.ENTERPRISE, 0),
    }
    waiting = [Waiting(item, tier, NOW - timedelta(hours=age)) for item, (tier, age) in hours.items()]
    assert [one.item for one in in_turn(waiting, NOW)] == [
        "enterprise",
        "older free",
        "old free",
        "new premium",
        "free",
    ]


def test_tags_name_tenant_tier_and_priority():
    assert priority_tags("t-1", Tier.ENTERPRISE, 97, age_boosting=False) == [
        "tenant:t-1",
        "tier:enterprise",
        "priority:97",
        "age-boosting:disabled",
    ]
