"""``clipmill usage``: what a tenant used of a service, over HTTP."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import click

from clipmill.cli import options
from clipmill.cli.app import App
from clipmill.cli.options import speaking
from clipmill.cli.wording import columns, dollars_text, seconds_text, size_text

_DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


@click.command()
@click.option("--since", type=_DAY, help="From this time on, in UTC; the first day of this month unless given.")
@click.option("--until", type=_DAY, help="Up to but not including this time, in UTC; now unless given.")
@options.url
@speaking
def usage(app: App, *, since: datetime | None, until: datetime | None, url: str | None) -> None:
    """Tell what was used in a span of time, and what it cost.

    The service is the one at CLIPMILL_URL; it is shown the key in CLIPMILL_API_KEY.
    """
    from clipmill.cli.remote import client_of

    with client_of(url) as client:
        told = client.usage(_in_utc(since), _in_utc(until))
    app.output.result(told, columns(_rows(told)))


def _in_utc(time: datetime | None) -> datetime | None:
    return None if time is None else time.replace(tzinfo=UTC)


def _rows(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "since", str(told["since"])
    yield "until", str(told["until"])
    yield "jobs", str(told["jobs"])
    yield "seconds of cards", seconds_text(told["gpu_s"])
    yield "seconds of output", seconds_text(told["output_s"])
    yield "bytes", size_text(told["bytes"])
    yield "cost", dollars_text(told["cost_usd"])
