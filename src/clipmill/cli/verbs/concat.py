"""``clipmill concat``: finished clips, one after another."""

from pathlib import Path
from typing import Any

import click

from clipmill.cli import options
from clipmill.cli.app import App
from clipmill.cli.options import speaking
from clipmill.errors import InvalidRequestError


@click.command()
@click.argument("clips", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.output("The video to write.", required=True)
@click.option("--transition", metavar="NAME", default="cut", show_default=True, help="cut, fade or dissolve.")
@click.option("--duration", type=float, default=0.5, show_default=True, help="Seconds of each transition.")
@click.option("--title", "titles", multiple=True, help="Chapter of a clip, once for each, in their order.")
@options.settings
@options.progress
@speaking
def concat(
    app: App,
    *,
    clips: tuple[Path, ...],
    output: Path,
    transition: str,
    duration: float,
    titles: tuple[str, ...],
    settings: tuple[str, ...],
) -> None:
    """Join finished clips, with transitions and chapters.

    What does not change is copied. Clips of another size or rate are fitted to the first one; --set output_width,
    output_height and fps say otherwise.
    """
    from clipmill.cli.paths import key_of
    from clipmill.cli.requests import with_settings
    from clipmill.cli.summary import summary, with_path
    from clipmill.cli.workplace import workplace_on_files
    from clipmill.jobs.job import Job, new_job_id

    if len(titles) > len(clips):
        raise click.UsageError(f"--title: {len(titles)} titles for {len(clips)} clips. Give at most one for each clip.")
    keys = [key_of(clip) for clip in clips]
    if key_of(output) in keys:
        raise InvalidRequestError(f"the output {output} is one of the clips. Write to another file.")
    request: dict[str, Any] = {
        "clip_keys": keys,
        "output_key": key_of(output),
        "transition_type": transition,
        "transition_duration": duration,
        "clip_info": [{"file_name": clip.name} for clip in clips],
    }
    for info, title in zip(request["clip_info"], titles, strict=False):
        info["name"] = title
    with workplace_on_files(app) as place:
        job = Job(new_job_id(), "concatenate_clips", with_settings(request, settings), kept=False)
        result = with_path(place.run(job, output.name))
    app.output.tell(summary(result))
    app.output.result(result, result["output"])
