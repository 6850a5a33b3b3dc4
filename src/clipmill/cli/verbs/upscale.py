"""``clipmill upscale``: a video made larger by super-resolution."""

from pathlib import Path
from typing import Any

import click

from clipmill.cli import options
from clipmill.cli.app import App
from clipmill.cli.options import speaking
from clipmill.errors import InvalidRequestError


@click.command()
@click.argument("video", type=click.Path(path_type=Path))
@options.output("The video to write.", required=True)
@click.option("--scale", type=float, help="How many times larger, 1 to 4; 2 unless a side is given.")
@click.option("--width", type=int, help="Pixels across; the other side follows unless given.")
@click.option("--height", type=int, help="Pixels down; the other side follows unless given.")
@options.settings
@options.progress
@speaking
def upscale(app: App, *, video: Path, output: Path, settings: tuple[str, ...], **wanted: Any) -> None:
    """Make a video larger by super-resolution.

    The weights come from `clipmill models fetch`. On a processor this takes minutes for every second of video.
    """
    from clipmill.cli.paths import key_of
    from clipmill.cli.requests import with_settings
    from clipmill.cli.summary import summary, with_path
    from clipmill.cli.workplace import workplace_on_files
    from clipmill.jobs.job import Job, new_job_id

    if key_of(output) == key_of(video):
        raise InvalidRequestError(f"the output {output} is the video itself. Write to another file.")
    named = {"scale": wanted["scale"], "output_width": wanted["width"], "output_height": wanted["height"]}
    asked = with_settings({name: value for name, value in named.items() if value is not None}, settings)
    request = asked | {"input_key": key_of(video), "output_key": key_of(output)}
    with workplace_on_files(app) as place:
        result = with_path(place.run(Job(new_job_id(), "apply_upscale", request, kept=False), video.name))
    app.output.tell(summary(result))
    app.output.result(result, result["output"])
