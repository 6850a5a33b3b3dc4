"""``clipmill reel``: the clips of a JSON file as one video."""

from pathlib import Path

import click

from clipmill.cli import options
from clipmill.cli.app import App
from clipmill.cli.options import speaking


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@options.output("The video to write; the file's output_key, or FILE with .mp4, unless given.")
@options.settings
@options.progress
@speaking
def reel(app: App, file: Path, output: Path | None, settings: tuple[str, ...]) -> None:
    """Export the clips of a JSON file as one video.

    FILE holds a multi-clip request (`clipmill schema export_multi_clip`); its sources are paths, relative to FILE.
    Clips that have not changed since the last export are not rendered again.
    """
    from clipmill.cli.reel_file import with_local_keys
    from clipmill.cli.requests import read_request, with_settings
    from clipmill.cli.summary import summary, with_path
    from clipmill.cli.workplace import workplace_on_files
    from clipmill.jobs.job import Job, new_job_id

    request = with_local_keys(with_settings(read_request(str(file)), settings), file, output)
    with workplace_on_files(app) as place:
        result = with_path(place.run(Job(new_job_id(), "export_multi_clip", request, kept=False), file.name))
    app.output.tell(summary(result))
    app.output.result(result, result["output"])
