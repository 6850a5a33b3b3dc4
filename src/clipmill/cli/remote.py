"""A service as the verbs use it: its client, and jobs followed on the bar."""

from typing import TYPE_CHECKING

from clipmill.cli.output import Output

if TYPE_CHECKING:
    from clipmill.client import Client, RemoteResult
    from clipmill.jobs.events import OnEvent


def client_of(url: str | None) -> "Client":
    """A client of the service at this address, else at that of the environment."""
    from clipmill.client import Client

    return Client(url)


def followed(client: "Client", job_id: str, output: Output) -> "RemoteResult":
    """Show how a job goes until it has ended; what it returned, or its error raised."""
    with output.watching(job_id) as on_event:
        _pass_on(client, job_id, on_event, output)
    return client.result(job_id)


def _pass_on(client: "Client", job_id: str, on_event: "OnEvent", output: Output) -> None:
    for told in client.watch(job_id):
        if told.progress is not None:
            on_event(told.progress)
        elif told.text is not None:
            output.tell(told.text)
