"""``clipmill plan``: what would be rendered."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clipmill.cli import options
from clipmill.cli.app import App
from clipmill.cli.options import speaking
from clipmill.cli.wording import columns, dollars_text, rate_text, seconds_text

if TYPE_CHECKING:
    from clipmill.cli.workplace import Workplace


@click.command()
@click.argument("what", metavar="FILE.json|FUNCTION")
@click.option("--request", metavar="FILE|-", help="The request of FUNCTION as a JSON object; - reads stdin.")
@options.settings
@click.option("--store", metavar="URL", help="Where the keys of the request lie; CLIPMILL_STORE unless given.")
@click.option("--tenant", metavar="NAME", help="Whose objects they are; CLIPMILL_TENANT unless given.")
@speaking
def plan(
    app: App, *, what: str, request: str | None, settings: tuple[str, ...], store: str | None, tenant: str | None
) -> None:
    """Tell what would be rendered, without rendering it.

    FILE.json is a reel as `clipmill reel` takes it; FUNCTION with --request is a job as `clipmill run` takes it.
    """
    from clipmill.cli.workplace import workplace, workplace_on_files

    if what.endswith(".json"):
        with workplace_on_files(app) as place:
            value = _planned_reel(place, Path(what), settings)
    else:
        with workplace(app, store) as place:
            value = _planned_job(place, what, request, settings, tenant)
    text = "\n".join(_reel_lines(value)) if "clips" in value else json.dumps(value, indent=2)
    app.output.result(value, text)


def _planned_reel(place: "Workplace", file: Path, settings: tuple[str, ...]) -> dict[str, Any]:
    from clipmill.cli.reel_file import with_local_keys
    from clipmill.cli.requests import read_request, with_settings
    from clipmill.jobs.job import Job, new_job_id

    request = with_local_keys(with_settings(read_request(str(file)), settings), file, None)
    return place.plan(Job(new_job_id(), "export_multi_clip", request, kept=False))


def _planned_job(
    place: "Workplace", function: str, request: str | None, settings: tuple[str, ...], tenant: str | None
) -> dict[str, Any]:
    from clipmill.cli.requests import read_request, with_settings
    from clipmill.jobs.job import Job, new_job_id

    asked = with_settings(read_request(request) if request else {}, settings)
    owner = place.settings.tenant if tenant is None else tenant
    return place.plan(Job(new_job_id(), function, asked, owner, kept=False))


def estimate_line(estimate: dict[str, Any]) -> str:
    """How long it will take and what it will cost, as far as that can be said before."""
    costs = ", ".join(
        f"{runner} {dollars_text(dollars)}" if dollars else f"{runner} nothing"
        for runner, dollars in estimate["cost_usd"].items()
    )
    return f"estimate: {seconds_text(estimate['seconds'])} of work on one machine; {costs}"


def _reel_lines(value: dict[str, Any]) -> Iterator[str]:
    output, transition = value["output"], value["transition"]
    rows = [("clip", "begins at", "lasts", "from", "name")]
    for start, clip in zip(value["clip_starts"], value["clips"], strict=True):
        lasts = f"{clip['frames']} frames"
        rows.append((str(clip["clip_index"]), seconds_text(start), lasts, clip["source_key"], clip["name"]))
    yield columns(rows)
    drawn = transition["frames"] * (len(value["clips"]) - 1)
    yield (
        f"{seconds_text(value['duration'])}, {value['frames']} frames, {output['output_width']}x{output['output_height']} "
        f"at {rate_text(value['fps'])} frames per second"
    )
    yield estimate_line(value["estimate"])
    yield f"{transition['type']}: {drawn} frames are drawn from two clips, {value['frames'] - drawn} come from one"
    for clip in value["clips"]:
        for warning in clip["warnings"]:
            yield f"warning {warning['code']}, clip {clip['clip_index']}: {warning['message']}"
