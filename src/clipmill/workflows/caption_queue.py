"""Which queued steps are started next, and how many: by priority, within the containers there are."""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from clipmill.jobs.caption_book import CaptionBook
from clipmill.jobs.caption_book.steps import StepKey, StepRow
from clipmill.media.captions.priority import Tier, Waiting, in_turn, priority, priority_tags

_LOG = logging.getLogger(__name__)

CONTAINERS = 10


@dataclass(frozen=True)
class QueuedStep:
    """A step whose turn it is."""

    key: StepKey
    tenant_id: str
    tier: Tier
    priority: int
    age_boosting: bool = True

    @property
    def tags(self) -> list[str]:
        """Under these the run is found again."""
        return priority_tags(self.tenant_id, self.tier, self.priority, age_boosting=self.age_boosting)


def everybody_is_free(_tenant_id: str) -> Tier:
    return Tier.FREE


def start_queued(
    book: CaptionBook,
    start: Callable[[QueuedStep], None],
    *,
    containers: int = CONTAINERS,
    tier_of: Callable[[str], Tier] = everybody_is_free,
    under_way: Collection[StepKey] = (),
    age_boosting: bool = True,
) -> list[QueuedStep]:
    """One pass: start what is most urgent now, as long as containers are free; what was started.

    ``under_way`` are steps that an earlier pass started and whose runs have not ended: until they claim their step it
    looks queued. A step that cannot be started stays in the queue.
    """
    queue = _in_turn(book, tier_of, age_boosting=age_boosting)
    book.steps.note_priorities({step.key: step.priority for step in queue})
    busy = {row.key for row in book.steps.in_work()} | set(under_way)
    started: list[QueuedStep] = []
    for step in queue:
        if len(busy) >= containers:
            break
        if step.key not in busy and _starts(step, start):
            busy.add(step.key)
            started.append(step)
    return started


def _in_turn(book: CaptionBook, tier_of: Callable[[str], Tier], *, age_boosting: bool) -> list[QueuedStep]:
    now, waiting = book.now(), book.steps.waiting()
    steps = [_queued(row, tenant, tier_of(tenant), now, age_boosting=age_boosting) for row, tenant in waiting]
    numbered = [
        Waiting(str(at), step.tier, row.queued_at)
        for at, (step, (row, _)) in enumerate(zip(steps, waiting, strict=True))
    ]
    return [steps[int(turn.item)] for turn in in_turn(numbered, now, age_boosting=age_boosting)]


def _queued(row: StepRow, tenant_id: str, tier: Tier, now: datetime, *, age_boosting: bool) -> QueuedStep:
    urgency = priority(tier, row.queued_at, now, age_boosting=age_boosting)
    return QueuedStep(row.key, tenant_id, tier, urgency, age_boosting)


def _starts(step: QueuedStep, start: Callable[[QueuedStep], None]) -> bool:
    try:
        start(step)
    except Exception as fault:  # noqa: BLE001 - one that cannot be started does not hold up the others
        _LOG.warning("%s of video %s could not be started: %s", step.key.step, step.key.video_id, fault)
        return False
    return True
