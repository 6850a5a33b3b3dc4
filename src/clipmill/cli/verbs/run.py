"""``clipmill run``: any function of the catalogue, with keys of a store."""

import json

import click

from clipmill.cli import options
from clipmill.cli.app import App
from clipmill.cli.options import speaking


def _checked_parts(_context: click.Context, _option: click.Parameter, parts: str | None) -> str | None:
    """What stands behind ``--parts``, if it makes sense."""
    if parts is None or parts == "auto" or (parts.isascii() and parts.isdigit() and int(parts)):
        return parts
    raise click.BadParameter(f"expected auto or a number from 1, got {parts!r}.")


@click.command()
@click.argument("function")
@click.option("--request", metavar="FILE|-", help="The request as a JSON object; - reads stdin.")
@options.settings
@click.option("--store", metavar="URL", help="Where the keys of the request lie; CLIPMILL_STORE unless given.")
@click.option("--tenant", metavar="NAME", help="Whose objects they are; CLIPMILL_TENANT unless given.")
@options.runner
@click.option("--job-id", metavar="ID", help="The same id and request again give the stored result.")
@click.option(
    "--parts",
    metavar="auto|N",
    callback=_checked_parts,
    help="Render a long output in so many parts side by side; auto is one for each core, or none where it is short.",
)
@options.progress
@speaking
def run(
    app: App,
    *,
    function: str,
    request: str | None,
    settings: tuple[str, ...],
    store: str | None,
    tenant: str | None,
    runner: str | None,
    job_id: str | None,
    parts: str | None,
) -> None:
    """Run any function with a JSON request.

    Keys in the request are objects of the store. `clipmill functions` lists the functions, `clipmill schema` their
    requests. The result says under runner where it ran.
    """
    from clipmill.cli.parts import run_in_parts
    from clipmill.cli.requests import read_request, with_settings
    from clipmill.cli.workplace import workplace
    from clipmill.jobs.job import Job, new_job_id

    asked = with_settings(read_request(request) if request else {}, settings)
    with workplace(app, store, runner) as place:
        owner = place.settings.tenant if tenant is None else tenant
        job = Job(job_id or new_job_id(), function, asked, owner)
        result = place.run(job, function) if parts is None else run_in_parts(place, job, parts)
    told = result | {"runner": place.ran_on}
    app.output.result(told, json.dumps(told, indent=2))
