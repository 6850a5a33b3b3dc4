"""``clipmill overlay``: highlights and text, drawn onto a video."""

from pathlib import Path
from typing import Any

import click

from clipmill.cli import options
from clipmill.cli.app import App
from clipmill.cli.options import speaking
from clipmill.errors import InvalidRequestError

_LAYERS = ("text_layers", "textLayers", "layers")


@click.command()
@click.argument("video", type=click.Path(path_type=Path))
@click.argument("overlay", metavar="OVERLAY", type=click.Path(path_type=Path))
@options.output("The video to write.", required=True)
@options.settings
@options.progress
@speaking
def overlay(app: App, *, video: Path, overlay: Path, output: Path, settings: tuple[str, ...]) -> None:
    """Draw highlights and text onto a video.

    OVERLAY holds the parameters of render_overlay as JSON (`clipmill schema render_overlay`), - reads stdin; the
    images of its layers are paths, relative to OVERLAY. Frames on which nothing is drawn are copied.
    """
    from clipmill.cli.paths import key_of
    from clipmill.cli.requests import read_request, with_settings
    from clipmill.cli.summary import summary, with_path
    from clipmill.cli.workplace import workplace_on_files
    from clipmill.jobs.job import Job, new_job_id

    if key_of(output) == key_of(video):
        raise InvalidRequestError(f"the output {output} is the video itself. Write to another file.")
    asked = _with_local_images(with_settings(read_request(str(overlay)), settings), overlay.parent)
    request = asked | {"input_key": key_of(video), "output_key": key_of(output)}
    with workplace_on_files(app) as place:
        result = with_path(place.run(Job(new_job_id(), "render_overlay", request, kept=False), video.name))
    app.output.tell(summary(result))
    app.output.result(result, result["output"])


def _with_local_images(asked: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The parameters with keys in place of paths; what is no text stays as it is, for the function to refuse."""
    listed = {name: asked[name] for name in _LAYERS if isinstance(asked.get(name), list)}
    return asked | {name: [_layer(layer, folder) for layer in layers] for name, layers in listed.items()}


def _layer(layer: Any, folder: Path) -> Any:
    from clipmill.cli.paths import key_of

    if not isinstance(layer, dict) or not isinstance(layer.get("key"), str) or not layer["key"]:
        return layer
    return layer | {"key": key_of(folder / layer["key"])}
