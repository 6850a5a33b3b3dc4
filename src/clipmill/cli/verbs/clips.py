"""``clipmill clips``: the moments of a table, cut out of a video."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from clipmill.cli import options
from clipmill.cli.app import App
from clipmill.cli.exit_codes import ExitCode
from clipmill.cli.options import speaking
from clipmill.errors import InvalidRequestError


@click.command()
@click.argument("videos", metavar="VIDEO...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.argument("table", metavar="TABLE")
@click.option(
    "-o", "--output", "folder", type=click.Path(file_okay=False, path_type=Path), help="The folder for the clips."
)
@click.option(
    "--compilation", type=click.Path(dir_okay=False, path_type=Path), help="The video to write of all clips in a row."
)
@click.option("--banner/--no-banner", default=True, show_default=True, help="Rating, name and notes over the picture.")
@click.option("--transition", metavar="NAME", default="cut", show_default=True, help="cut, fade or dissolve.")
@click.option("--duration", type=float, default=0.5, show_default=True, help="Seconds of each transition.")
@click.option(
    "--on-error", metavar="NAME", default="fail", show_default=True, help="What a bad clip does: fail or skip."
)
@options.settings
@options.progress
@speaking
def clips(app: App, *, videos: tuple[Path, ...], table: str, settings: tuple[str, ...], **wanted: Any) -> None:
    """Cut the moments of a table out of a video.

    TABLE is tab separated text: start_time, rating, tags, clip_name, clip_duration, notes. Where its column
    video_sequence says 2, the clip is cut from the second VIDEO. Ends with 5 if clips were skipped.
    """
    from clipmill.cli.requests import with_settings
    from clipmill.cli.workplace import workplace_on_files
    from clipmill.jobs.job import Job, new_job_id

    if not (wanted["folder"] or wanted["compilation"]):
        raise click.UsageError("nothing to write. Give a folder with -o, a video with --compilation, or both.")
    request = _request(videos, table, wanted)
    _spare((*videos, Path(table)), request)
    with workplace_on_files(app) as place:
        job = Job(new_job_id(), "extract_clips", with_settings(request, settings), kept=False)
        result = _with_paths(place.run(job, Path(table).name))
    for warning in result["warnings"]:
        app.output.tell(f"warning {warning['code']}: {warning['message']}")
    app.output.result(result, "\n".join(_written(result)))
    if any(warning["code"] == "clip_failed" for warning in result["warnings"]):
        raise click.exceptions.Exit(ExitCode.PART_FAILED)


def _request(videos: tuple[Path, ...], table: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    from clipmill.cli.clip_table import read_clips

    return {
        "clips": read_clips(table),
        **_inputs(videos),
        **_outputs(wanted["folder"], wanted["compilation"]),
        "banner": wanted["banner"],
        "transition": {"type": wanted["transition"], "duration": wanted["duration"]},
        "on_error": wanted["on_error"],
    }


def _inputs(videos: tuple[Path, ...]) -> dict[str, Any]:
    from clipmill.cli.paths import key_of

    if len(videos) == 1:
        return {"input_key": key_of(videos[0])}
    return {"input_keys": {str(number): key_of(video) for number, video in enumerate(videos, 1)}}


def _outputs(folder: Path | None, compilation: Path | None) -> dict[str, Any]:
    from clipmill.cli.paths import key_of

    found: dict[str, Any] = {"outputs": []}
    if folder:
        found["outputs"].append("clips")
        found["output_prefix"] = key_of(folder.resolve())
    if compilation:
        found["outputs"].append("compilation")
        found["output_key"] = key_of(compilation)
    return found


def _spare(files: Iterable[Path], request: Mapping[str, Any]) -> None:
    """Refuse to write over what is read."""
    from clipmill.cli.paths import key_of

    folder, count = request.get("output_prefix"), len(request["clips"])
    outputs = {f"{folder}/clip_{number:03}.mp4" for number in range(1, count + 1)} | {request.get("output_key")}
    for file in files:
        if key_of(file) in outputs:
            raise InvalidRequestError(f"{file} would be written over. Write to another file.")


def _with_paths(result: Mapping[str, Any]) -> dict[str, Any]:
    """A result that names local files in place of keys."""
    from clipmill.cli.paths import path_of

    named = dict(result)
    if key := named.pop("output_key", None):
        named["output"] = str(path_of(key))
    if cut := named.get("clips"):
        named["clips"] = [_with_paths(clip) for clip in cut]
    return named


def _written(result: Mapping[str, Any]) -> Iterator[str]:
    for clip in result.get("clips", ()):
        yield from _written(clip)
    if "output" in result:
        yield result["output"]
