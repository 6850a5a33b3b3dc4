"""Jobs on this machine, each in a child process of its own."""

from clipmill.runners.local.runner import LocalRunner

__all__ = ["LocalRunner"]
