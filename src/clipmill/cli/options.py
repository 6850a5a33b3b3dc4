"""Options that several verbs share."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

import click

from clipmill.cli.app import App
from clipmill.cli.output import Output, Progress

Parameters = ParamSpec("Parameters")
Command = Callable[Concatenate[App, Parameters], None]


def speaking(command: Command[Parameters]) -> Callable[..., None]:
    """Give a verb the options that say how it speaks, and the app as its first argument."""

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout, also for a failure.")
    @click.option("-q", "--quiet", is_flag=True, help="Say nothing on stderr but errors.")
    @click.option("--debug", is_flag=True, help="Show the traceback of an error.")
    @click.pass_obj
    @wraps(command)
    def spoken(
        app: App, /, *given: Any, as_json: bool, quiet: bool, debug: bool, progress: str = "none", **options: Any
    ) -> None:
        app.output = Output(as_json=as_json, quiet=quiet, debug=debug, progress=Progress(progress))
        command(app, *given, **options)

    return spoken


progress = click.option(
    "--progress",
    type=click.Choice([kind.value for kind in Progress]),
    default=Progress.AUTO.value,
    help="How far it is, on stderr: a bar (terminals only), JSON lines, or none.",
)
settings = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a field of the request; dots go deeper, values are JSON or else text.",
)
runner = click.option(
    "--runner",
    type=click.Choice(["auto", "local", "modal", "runpod", "prefect"]),
    help="Where the job runs; CLIPMILL_RUNNER unless given.",
)

url = click.option("--url", metavar="URL", help="Where the service is; CLIPMILL_URL unless given.")
data = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for database and objects, in place of CLIPMILL_DATABASE and CLIPMILL_STORE.",
)


def output(help_text: str, *, required: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``-o``: the local file to write."""
    kind = click.Path(dir_okay=False, path_type=Path)
    return click.option("-o", "--output", "output", type=kind, required=required, help=help_text)
