"""``clipmill schema``: what a function takes and gives, as JSON schema."""

import json

import click

from clipmill.cli.app import App
from clipmill.cli.options import speaking


@click.command()
@click.argument("function")
@speaking
def schema(app: App, function: str) -> None:
    """Print the JSON schema of a function's request and result."""
    from clipmill.cli.schemas import schemas_of

    value = schemas_of(function, app.catalogue)
    app.output.result(value, json.dumps(value, indent=2))
