"""A job service from Python: `Client`, and `AsyncClient` for programs with an event loop."""

from clipmill.client.async_client import AsyncClient
from clipmill.client.client import Client
from clipmill.client.jobs import JobOptions
from clipmill.client.patience import Patience
from clipmill.client.views import (
    EventKind,
    JobState,
    RemoteEvent,
    RemoteJob,
    RemoteObject,
    RemoteOutput,
    RemoteResult,
)

__all__ = [
    "AsyncClient",
    "Client",
    "EventKind",
    "JobOptions",
    "JobState",
    "Patience",
    "RemoteEvent",
    "RemoteJob",
    "RemoteObject",
    "RemoteOutput",
    "RemoteResult",
]
