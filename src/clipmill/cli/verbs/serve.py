"""``clipmill serve``: the job service over HTTP."""

import logging
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clipmill.cli import options
from clipmill.cli.app import App
from clipmill.cli.options import speaking

if TYPE_CHECKING:
    from clipmill.api.listening import Listening
    from clipmill.cli.stopping import Stop
    from clipmill.jobs.dispatch import Service
    from clipmill.settings import Settings


@click.command()
@click.option("--host", metavar="ADDRESS", help="The address to listen on; CLIPMILL_HOST unless given.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port, 0 for a free one; CLIPMILL_PORT unless given.")
@click.option("--store", metavar="URL", help="Where objects lie; CLIPMILL_STORE unless given.")
@options.data
@speaking
def serve(app: App, *, host: str | None, port: int | None, store: str | None, data: Path | None) -> None:
    """Serve jobs over HTTP, and carry them out on this machine.

    Prints where it listens; stderr gets the log, a JSON object a line. Without an API key only this machine is let in.
    Ctrl-C or SIGTERM lets jobs under way end for CLIPMILL_DRAIN_S; what has not ended goes on after the next start.
    """
    from clipmill.api.journal import write_json_lines
    from clipmill.api.listening import Listening
    from clipmill.cli.stopping import stoppable
    from clipmill.settings import Settings

    settings = Settings.from_environment().serving(data, store, host, port)
    write_json_lines(logging.WARNING if app.output.quiet else logging.INFO)
    with stoppable(app.output) as stop, closing(Listening.at(settings.host, settings.port)) as listening:
        service = _opened(app, settings)
        try:
            service.start()
            _answer(app, settings, service, (stop, listening))
        finally:
            service.stop(settings.drain_s)


def _opened(app: App, settings: "Settings") -> "Service":
    from clipmill.jobs.webhooks.post import Post
    from clipmill.jobs.webhooks.sender import Sender
    from clipmill.runners.embedded import open_service

    return open_service(
        settings,
        ledger_url=settings.database,
        catalogue=app.catalogue,
        limits=settings.service_limits,
        companions=lambda ledger: [Sender(ledger.outbox, Post(settings.webhook_policy), callbacks=ledger.callbacks)],
    )


def _answer(app: App, settings: "Settings", service: "Service", ends: "tuple[Stop, Listening]") -> None:
    """Answer calls where it listens, until a signal comes."""
    from clipmill.api.app import create_app
    from clipmill.api.options import ApiOptions
    from clipmill.api.server import serve

    stop, listening = ends

    def bound(host: str, port: int) -> None:
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        app.output.result({"status": "success", "url": url}, f"clipmill serves {url}{_who(settings, service)}")
        stop.again()

    chosen = ApiOptions(
        tenant=settings.service_tenant,
        metrics=settings.metrics,
        origins=settings.origins,
        webhooks=settings.webhook_policy,
    )
    serve(create_app(service, chosen), listening, bound)


def _who(settings: "Settings", service: "Service") -> str:
    if service.ledger.keys.any():
        return ""
    return f"\nNo API key is configured: only this machine is let in, as tenant {settings.service_tenant}."
