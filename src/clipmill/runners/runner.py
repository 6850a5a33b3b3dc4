"""The shape that all runners share; it is defined where jobs are dispatched, which knows no runner."""

from clipmill.jobs.runner import Runner, Status

__all__ = ["Runner", "Status"]
