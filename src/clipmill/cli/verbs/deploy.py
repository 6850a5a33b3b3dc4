"""``clipmill deploy``: the functions brought to a platform, and every one of them looked up there."""

from dataclasses import asdict

import click

from clipmill.cli.app import App
from clipmill.cli.options import speaking
from clipmill.cli.wording import columns
from clipmill.errors import InvalidRequestError


@click.command()
@click.argument("platform")
@click.option(
    "--env", "environment", metavar="NAME", help="The platform's environment; that of the settings unless given."
)
@click.option("--check", is_flag=True, help="Deploy nothing, look up what is there.")
@speaking
def deploy(app: App, *, platform: str, environment: str | None, check: bool) -> None:
    """Bring the functions to a platform, and look up every one of them.

    PLATFORM is modal, prefect or, with --check, runpod; what each needs is told by its page of the guide. Ends with 3
    if something is not found afterwards.
    """
    from clipmill.runners.deploying import PLATFORMS, deployment
    from clipmill.settings import Settings

    if platform not in PLATFORMS:
        raise click.BadParameter(f"expected one of {', '.join(PLATFORMS)}, got {platform!r:.80}.")
    settings = Settings.from_environment()
    there = deployment(platform)
    if not check:
        there.deploy(settings, environment)
    rows = there.deployed(settings, environment)
    told = {"platform": platform, "functions": [asdict(row) for row in rows]}
    table = columns((row.name, row.words, "ok" if row.found else "missing") for row in rows)
    if missing := [row.name for row in rows if not row.found]:
        app.output.tell(table)
        raise InvalidRequestError(
            f"{len(missing)} of {len(rows)} are not there as they should be, such as {missing[0]}. "
            f"Run `clipmill deploy {platform}`: it brings them there, or says how to.",
            details=told,
        )
    app.output.result(told, table)
