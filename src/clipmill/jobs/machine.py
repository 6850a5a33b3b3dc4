"""What a job finds on the machine where it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from clipmill.function.needs import Gpu
from clipmill.jobs.limits import Limits
from clipmill.jobs.nursery import Nursery
from clipmill.jobs.prices import Prices
from clipmill.storage.retry import RetryPolicy
from clipmill.storage.store import Store


@dataclass(frozen=True)
class Machine:
    """Store, functions and bounds, the same for every job of a process.

    ``catalogue`` maps the name of a function to its place, ``"module:attribute"``. ``environment`` is filtered
    by an allow-list before a child sees any of it. ``retry`` with no pauses means a single attempt, for platforms
    that retry by themselves. A ``nursery`` starts children faster than a fresh interpreter does. ``gpu`` is the class
    of the machine's graphics card; ``prices`` are those of every runner, for estimates and bills.
    """

    store: Store
    catalogue: Mapping[str, str]
    scratch_root: Path
    threads: int = 1
    limits: Limits = field(default_factory=Limits)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    shared_prefixes: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    nursery: Nursery | None = None
    gpu: Gpu = Gpu.NONE
    prices: Prices = field(default_factory=Prices)
