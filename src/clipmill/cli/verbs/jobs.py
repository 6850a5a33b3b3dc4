"""``clipmill jobs``: jobs of a service, over HTTP."""

import json
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from clipmill.cli import options
from clipmill.cli.app import App
from clipmill.cli.options import speaking
from clipmill.cli.wording import columns, dollars_text, seconds_text

if TYPE_CHECKING:
    from clipmill.client import Client, RemoteJob

_STATES = ("queued", "running", "publishing", "succeeded", "failed", "cancelled", "expired")

_watch = click.option(
    "--watch", "-w", "watched", is_flag=True, help="Stay until the job has ended, and print its result."
)


@click.group()
def jobs() -> None:
    """Send jobs to a service, watch them, and stop them.

    The service is the one at CLIPMILL_URL; it is shown the key in CLIPMILL_API_KEY.
    """


@jobs.command()
@click.argument("function")
@click.option("--request", metavar="FILE|-", help="The request as a JSON object; - reads stdin.")
@options.settings
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="A word of yours about the job.")
@click.option("--webhook", metavar="URL", help="Told when the job has ended.")
@click.option("--callback-url", metavar="URL", help="Told how far the job is, below /progress, /complete and /error.")
@click.option("--idempotency-key", metavar="KEY", help="The same key and request again is the same job.")
@_watch
@options.url
@options.progress
@speaking
def submit(app: App, *, function: str, request: str | None, settings: tuple[str, ...], **said: Any) -> None:
    """Send a job, and print its id."""
    from clipmill.cli.remote import client_of
    from clipmill.cli.requests import read_request, with_settings
    from clipmill.client import JobOptions

    asked = with_settings(read_request(request) if request else {}, settings)
    wanted = JobOptions(
        idempotency_key=said["idempotency_key"],
        labels=dict(_labels(said["labels"])),
        webhook=said["webhook"],
        callback_url=said["callback_url"],
    )
    with client_of(said["url"]) as client:
        _answer(app, client, client.submit(function, asked, wanted), watched=said["watched"])


@jobs.command()
@click.option("--state", type=click.Choice(_STATES), help="Only jobs in this state.")
@click.option("--function", metavar="NAME", help="Only jobs of this function.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many at most.")
@options.url
@speaking
def ls(app: App, *, state: str | None, function: str | None, limit: int, url: str | None) -> None:
    """List jobs, newest first."""
    from clipmill.cli.remote import client_of

    with client_of(url) as client:
        found = list(islice(client.jobs(state=state, function=function), limit))
    app.output.result({"jobs": [job.data for job in found]}, columns(map(_row, found)) if found else "no jobs")


@jobs.command()
@click.argument("job_id", metavar="ID")
@options.url
@speaking
def show(app: App, *, job_id: str, url: str | None) -> None:
    """Tell how a job stands, what was asked for and what became of it."""
    _told(app, url, lambda client: client.job(job_id))


@jobs.command()
@click.argument("job_id", metavar="ID")
@options.url
@options.progress
@speaking
def watch(app: App, *, job_id: str, url: str | None) -> None:
    """Watch a job to its end, and print its result."""
    from clipmill.cli.remote import client_of

    with client_of(url) as client:
        _answer(app, client, client.job(job_id), watched=True)


@jobs.command()
@click.argument("job_id", metavar="ID")
@options.url
@speaking
def cancel(app: App, *, job_id: str, url: str | None) -> None:
    """Stop a job."""
    _told(app, url, lambda client: client.cancel(job_id))


@jobs.command()
@click.argument("job_id", metavar="ID")
@_watch
@options.url
@options.progress
@speaking
def retry(app: App, *, job_id: str, watched: bool, url: str | None) -> None:
    """Do again what a stopped job was asked for, and print the id of the new one."""
    from clipmill.cli.remote import client_of

    with client_of(url) as client:
        _answer(app, client, client.retry(job_id), watched=watched)


def _told(app: App, url: str | None, ask: "Callable[[Client], RemoteJob]") -> None:
    from clipmill.cli.remote import client_of

    with client_of(url) as client:
        job = ask(client)
    app.output.result(job.data, columns(_facts(job)))


def _answer(app: App, client: "Client", job: "RemoteJob", *, watched: bool) -> None:
    """The job's id at once, or its result in the end."""
    from clipmill.cli.remote import followed

    if not watched:
        app.output.result(job.data, job.id)
        return
    app.output.tell(job.id)
    result = followed(client, job.id, app.output)
    outputs = [{"key": output.key, "url": output.url} for output in result.outputs]
    app.output.result({"id": job.id, "result": result.value, "outputs": outputs}, json.dumps(result.value, indent=2))


def _row(job: "RemoteJob") -> tuple[str, ...]:
    return job.id, job.state, f"{job.percent:g} %", job.function, f"{job.created_at:%Y-%m-%d %H:%M:%S}"


def _facts(job: "RemoteJob") -> Iterator[tuple[str, str]]:
    yield "id", job.id
    yield "function", job.function
    yield "state", f"{job.state}, {job.stage}, {job.percent:g} %, attempt {job.attempt}"
    yield "created", f"{job.created_at:%Y-%m-%d %H:%M:%S} UTC"
    if job.finished_at is not None:
        yield "ended", f"{job.finished_at:%Y-%m-%d %H:%M:%S} UTC"
        yield "ran on", job.data["runner"] or "no runner"
        yield "cost", f"{dollars_text(job.data['cost_usd'])}, {seconds_text(job.data['gpu_s'])} of a card"
    for name, value in job.labels.items():
        yield f"label {name}", value
    yield "request", json.dumps(job.data["request"])
    if job.error is not None:
        yield "failure", f"{job.error.code}: {job.error.message}"
    if job.result is not None:
        yield "result", json.dumps(job.result)


def _labels(texts: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for text in texts:
        name, sign, value = text.partition("=")
        if not (name and sign):
            raise click.UsageError(f"--label {text}: expected KEY=VALUE, such as match=2026-05-01.")
        yield name, value
