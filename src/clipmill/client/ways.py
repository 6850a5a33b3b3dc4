"""Where the jobs of a client go: to a service, or to a runner that this process has."""

from collections.abc import Mapping
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


def way(url: str | None, api_key: str | None, runner: str | None, patience: Patience) -> Way:
    """To the service at ``url``, or to a runner by its name; a runner is loaded only if it is asked for."""
    if runner is None:
        return ToService(Address.of(url, api_key), patience)
    if url is not None or api_key is not None:
        raise InvalidRequestError("a client has a runner or the address and key of a service. Give one of the two.")
    from clipmill.client.on_runner import OnRunner

    return OnRunner(runner)


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
