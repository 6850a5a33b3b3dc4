"""``clipmill keys``: the API keys of a service, kept in its database."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clipmill.cli import options
from clipmill.cli.app import App
from clipmill.cli.options import speaking
from clipmill.cli.wording import columns

if TYPE_CHECKING:
    from clipmill.jobs.ledger.api_keys import ApiKey
    from clipmill.jobs.ledger.key_ring import KeyRing

SCOPES = ("jobs:read", "jobs:write", "objects:read", "objects:write", "webhooks", "usage:read")
"""What a key is good for unless scopes are named: all that concerns its tenant alone."""

_tenant = click.option("--tenant", metavar="NAME", help="Whose keys; CLIPMILL_TENANT unless given, else local.")


@click.group()
def keys() -> None:
    """Make, list and revoke the API keys of the service.

    They lie in the service's database, CLIPMILL_DATABASE. From the first key on, nobody is let in without one.
    """


@keys.command()
@_tenant
@click.option("--name", default="", help="What the key is for, for people.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([*SCOPES, "metrics"]),
    help="What the key is good for, once for each; all but metrics unless given.",
)
@click.option("--days", type=click.IntRange(1, 36500), help="How long the key is good; for ever unless given.")
@options.data
@speaking
def create(
    app: App, *, tenant: str | None, name: str, scopes: tuple[str, ...], days: int | None, data: Path | None
) -> None:
    """Make a key, and show it this once."""
    until = None if days is None else datetime.now(UTC) + timedelta(days=days)
    with _ring(data, tenant) as (ring, owner):
        text, key = ring.issue(owner, name, scopes or SCOPES, until)
    app.output.tell("This key is shown once and kept nowhere. Write it down where only its user reads it.")
    app.output.result({"status": "success", "key": text} | _told(key), text)


@keys.command()
@_tenant
@options.data
@speaking
def ls(app: App, *, tenant: str | None, data: Path | None) -> None:
    """List the keys of a tenant, revoked ones too."""
    with _ring(data, tenant) as (ring, owner):
        found = [_told(key) for key in ring.all(owner)]
    app.output.result({"keys": found}, columns(map(_row, found)) if found else f"{owner} has no key")


@keys.command()
@click.argument("key_id", metavar="ID")
@_tenant
@options.data
@speaking
def revoke(app: App, *, key_id: str, tenant: str | None, data: Path | None) -> None:
    """Revoke a key: from now on nothing opens with it."""
    with _ring(data, tenant) as (ring, owner):
        ring.revoke(owner, key_id)
    app.output.result({"status": "success", "id": key_id}, f"key {key_id} is revoked")


@contextmanager
def _ring(data: Path | None, tenant: str | None) -> "Generator[tuple[KeyRing, str]]":
    """The keys of the deployment's database, and whose are meant."""
    from clipmill.jobs.ledger import Ledger
    from clipmill.settings import Settings
    from clipmill.storage.keys import validate_tenant

    settings = Settings.from_environment().serving(data)
    ledger = Ledger.open(settings.database)
    try:
        yield ledger.keys, validate_tenant(tenant) if tenant else settings.service_tenant
    finally:
        ledger.close()


def _told(key: "ApiKey") -> dict[str, Any]:
    from clipmill.jobs.ledger.moments import iso

    times = {"created_at": key.created_at, "expires_at": key.expires_at, "revoked_at": key.revoked_at}
    told = {"id": key.id, "tenant": key.tenant, "name": key.name, "scopes": list(key.scopes)}
    return told | {name: None if time is None else iso(time) for name, time in times.items()}


def _row(key: dict[str, Any]) -> tuple[str, ...]:
    state = "revoked" if key["revoked_at"] else f"until {key['expires_at']}" if key["expires_at"] else "good"
    return key["id"], state, key["created_at"], " ".join(key["scopes"]), key["name"]
