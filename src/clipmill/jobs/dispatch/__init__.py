"""From the ledger to a runner and back: jobs are leased, carried to their end, and committed."""

from typing import TYPE_CHECKING, Any

from clipmill.jobs.dispatch.limits import ServiceLimits

if TYPE_CHECKING:
    from clipmill.jobs.dispatch.service import Service

__all__ = ["Service", "ServiceLimits"]


def __getattr__(name: str) -> Any:
    """The service, loaded when it is asked for: runners know what it needs of them without its database."""
    if name == "Service":
        from clipmill.jobs.dispatch.service import Service

        return Service
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
