"""``clipmill models``: the weights of super-resolution on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clipmill.cli.app import App
from clipmill.cli.exit_codes import ExitCode
from clipmill.cli.options import speaking
from clipmill.cli.wording import columns, size_text

if TYPE_CHECKING:
    from clipmill.engines.upscale.inventory import Kept


@click.group()
def models() -> None:
    """Fetch, list and verify the weights of super-resolution.

    They lie in the folder CLIPMILL_MODELS. Jobs never fetch any: what they need has to be there before.
    """


@models.command("ls")
@speaking
def list_models(app: App) -> None:
    """List the published models and what lies in the folder."""
    from clipmill.engines.upscale.inventory import inventory
    from clipmill.engines.upscale.store import models_folder

    folder = models_folder()
    found = inventory(folder)
    value = {"folder": str(folder), "models": [_row(each) for each in found]}
    app.output.result(value, columns((each.name, _told(each)) for each in found))


@models.command()
@click.argument("wanted", metavar="[MODEL|PLACE#SHA256]...", nargs=-1)
@speaking
def fetch(app: App, wanted: tuple[str, ...]) -> None:
    """Bring weights into the folder.

    MODEL is the name of a published one, realesr-general-x4v3 unless given; PLACE an address or a file of yours, whose
    digest has to be known. Bytes with another digest are not kept.
    """
    from clipmill.engines.upscale.fetching import Wanted
    from clipmill.engines.upscale.store import models_folder
    from clipmill.media.choices import UpscaleModel

    folder = models_folder()
    asked = [Wanted.parse(text, folder) for text in wanted or (UpscaleModel.GENERAL.value,)]
    fetched: list[dict[str, Any]] = []
    for each in asked:
        new = each.fetch()
        app.output.part(f"{each.path}  {'fetched' if new else 'was there already'}")
        fetched.append({"file": str(each.path), "sha256": each.sha256, "fetched": new})
    app.output.result({"folder": str(folder), "models": fetched}, "All that was asked for is there.")


@models.command()
@speaking
def verify(app: App) -> None:
    """Read every file of the folder and compare its digest; ends with 3 if one is damaged."""
    from clipmill.engines.upscale.inventory import inventory
    from clipmill.engines.upscale.store import models_folder

    folder = models_folder()
    present = [each for each in inventory(folder) if each.bytes is not None]
    damaged = [each for each in present if not each.is_sound]
    value = {"folder": str(folder), "models": [_row(each) | {"sha256": each.found} for each in present]}
    told = columns((each.name, _told(each)) for each in present) if present else f"{folder} holds no weights."
    app.output.result(value, told)
    if damaged:
        raise click.exceptions.Exit(ExitCode.REJECTED)


def _row(each: "Kept") -> dict[str, Any]:
    return {"name": each.name, "file": str(Path(each.path)), "bytes": each.bytes, "state": each.state}


def _told(each: "Kept") -> str:
    return each.state if each.bytes is None else f"{each.state}, {size_text(each.bytes)}"
