"""Where the jobs of a client go: to a service, or to a runner that this process has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from clipmill.client import jobs, watching
from clipmill.client.jobs import JobOptions
from clipmill.client.patience import Patience
from clipmill.client.steps import Steps
from clipmill.client.views import RemoteJob, RemoteResult
from clipmill.client.wire import Address
from clipmill.errors import InvalidRequestError


class Way(Protocol):
    """What both clients ask for their jobs; ``address`` is where everything else is asked for."""

    address: Address

    def submit(self, function: str, request: Mapping[str, Any], options: JobOptions) -> Steps[RemoteJob]: ...

    def job(self, job_id: str) -> Steps[RemoteJob]: ...

    def watch(self, job_id: str, after: int) -> Steps[None]: ...

    def wait(self, job_id: str, timeout_s: float | None) -> Steps[RemoteJob]: ...

    def result(self, job_id: str, timeout_s: float | None) -> Steps[RemoteResult]: ...

    def cancel(self, job_id: str) -> Steps[RemoteJob]: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client was opened with: the address and key of a service, or a runner by its name and a store."""

    url: str | None
    api_key: str | None
    runner: str | None
    store: str | None


def way(wanted: Wanted, patience: Patience) -> Way:
    """To the service, or to the runner; a runner is loaded only if it is asked for."""
    if wanted.runner is None:
        if wanted.store is not None:
            raise InvalidRequestError("store: a service has its own. Give a `runner` with it, or leave it out.")
        return ToService(Address.of(wanted.url, wanted.api_key), patience)
    if wanted.url is not None or wanted.api_key is not None:
        raise InvalidRequestError("a client has a runner or the address and key of a service. Give one of the two.")
    from clipmill.client.on_runner import OnRunner

    return OnRunner(wanted.runner, wanted.store)


class ToService(Way):
    """Jobs over HTTP."""

    def __init__(self, address: Address, patience: Patience) -> None:
        self.address = address
        self._patience = patience

    def submit(self, function: str, request: Mapping[str, Any], options: JobOptions) -> Steps[RemoteJob]:
        return jobs.submit(self._patience, function, request, options)

    def job(self, job_id: str) -> Steps[RemoteJob]:
        return jobs.job(self._patience, job_id)

    def watch(self, job_id: str, after: int) -> Steps[None]:
        return watching.watch(self._patience, job_id, after)

    def wait(self, job_id: str, timeout_s: float | None) -> Steps[RemoteJob]:
        return jobs.wait(self._patience, job_id, timeout_s)

    def result(self, job_id: str, timeout_s: float | None) -> Steps[RemoteResult]:
        return jobs.result(self._patience, job_id, timeout_s)

    def cancel(self, job_id: str) -> Steps[RemoteJob]:
        return jobs.cancel(self._patience, job_id)

    def close(self) -> None:
        """The connections are the client's."""
