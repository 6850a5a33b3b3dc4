"""``clipmill doctor``: whether this machine and a store can do the work."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from clipmill.cli.app import App
from clipmill.cli.exit_codes import ExitCode
from clipmill.cli.options import speaking

if TYPE_CHECKING:
    from clipmill.cli.examination.checks import Finding
    from clipmill.settings import Settings


@click.command()
@click.option("--store", metavar="URL", help="The store to try out; CLIPMILL_STORE unless given.")
@speaking
def doctor(app: App, store: str | None) -> None:
    """Try out this machine and a store, and say what is missing.

    Renders a second of video, writes, reads and deletes a few objects, and asks the service's database. Ends with 0 if
    all that is needed works, with 7 if only the store or the database does not, else with 1.
    """
    from clipmill.cli.examination.checks import examine
    from clipmill.cli.examination.database import database_checks
    from clipmill.cli.examination.machine import machine_checks
    from clipmill.settings import Settings

    settings = Settings.from_environment()
    machine = _told(app, map(examine, machine_checks(settings, app.catalogue)))
    kept = _told(app, _store_findings(store or settings.store, settings))
    noted = _told(app, map(examine, database_checks(settings)))
    failed = [finding.failed for finding in (*machine, *kept, *noted)]
    value: dict[str, Any] = {
        "status": "error" if any(failed) else "success",
        "machine": [finding.to_json() for finding in machine],
        "store": [finding.to_json() for finding in kept],
        "database": [finding.to_json() for finding in noted],
    }
    app.output.result(value, f"{sum(failed)} checks failed" if any(failed) else "All that is needed works.")
    if any(failed):
        raise click.exceptions.Exit(ExitCode.BUG if any(failed[: len(machine)]) else ExitCode.STORAGE)


def _told(app: App, findings: "Iterable[Finding]") -> "list[Finding]":
    """The findings, each shown as soon as it is there."""
    told: list[Finding] = []
    for finding in findings:
        app.output.part(f"{finding.state:8} {finding.name:16} {finding.detail}")
        told.append(finding)
    return told


def _store_findings(url: str, settings: "Settings") -> "Iterator[Finding]":
    """What the store can do; once it has failed at something, the rest would only fail the same way."""
    from clipmill.cli.examination.checks import examine
    from clipmill.cli.examination.store import StoreTrial

    trial = StoreTrial(url, settings)
    try:
        for check in trial.checks():
            finding = examine(check)
            yield finding
            if finding.failed:
                return
    finally:
        trial.clean_up()
