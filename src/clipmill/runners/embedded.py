"""The whole service in one process: jobs run on this machine, unless a platform is chosen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from clipmill.functions.catalog import CATALOG
from clipmill.jobs.dispatch.limits import ServiceLimits
from clipmill.jobs.dispatch.service import Companion, Service
from clipmill.jobs.dispatch.sweeper import Sweeper
from clipmill.jobs.ledger import Ledger
from clipmill.runners.with_workflows import open_with_workflows
from clipmill.settings import Settings, cores
from clipmill.storage.open import open_store
from clipmill.storage.retry import RetryPolicy
from clipmill.workflows.catalog import WORKFLOWS

PLANNERS = {name: workflow.planner for name, workflow in WORKFLOWS.items()}
BEHIND_ANSWERS = 10
"""Renders stand back behind the answers of the service that shares their cores."""

Companions = Callable[[Ledger], Sequence[Companion]]


def open_service(
    settings: Settings,
    *,
    ledger_url: str | None = None,
    catalogue: Mapping[str, str] = CATALOG,
    limits: ServiceLimits | None = None,
    companions: Companions = lambda _ledger: (),
) -> Service:
    """A service on the store of the settings, not yet started; ``ledger_url`` stands for the settings' database."""
    ledger = Ledger.open(ledger_url or settings.database)
    store = open_store(settings.store, settings.environment)
    # Two jobs at a time where there are two cores: a short one should not wait for a long one's end. An attempt is a
    # single one, since the ledger counts attempts and waits between them.
    threads = max(1, min(settings.threads, cores() // 2))
    machine = replace(settings.machine(store, catalogue), threads=threads, retry=RetryPolicy(pauses_s=()))
    machine = replace(machine, limits=replace(machine.limits, niceness=BEHIND_ANSWERS))
    carrier = open_with_workflows(settings, machine, cores())
    beside = [*companions(ledger), Sweeper(ledger, settings.retention)]
    return Service(ledger, carrier.machine, carrier, PLANNERS, limits or ServiceLimits(), beside)
