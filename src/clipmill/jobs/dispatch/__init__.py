"""From the ledger to a runner and back: jobs are leased, carried to their end, and committed."""

from clipmill.jobs.dispatch.limits import ServiceLimits
from clipmill.jobs.dispatch.service import Service

__all__ = ["Service", "ServiceLimits"]
