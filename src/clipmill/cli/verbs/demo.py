"""``clipmill demo``: a vertical reel to look at, from nothing or from a file of the user's own."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clipmill.cli import options
from clipmill.cli.app import App
from clipmill.cli.options import speaking
from clipmill.cli.wording import seconds_text

if TYPE_CHECKING:
    from clipmill.cli.workplace import Workplace

MATCH, REEL, CHAPTERS = "match.mp4", "reel.json", "reel.vtt"


@click.command()
@click.option("--input", "source", type=click.Path(path_type=Path), help="A video of yours, in place of the match.")
@click.option("-o", "--output", "folder", type=click.Path(path_type=Path), default=Path("demo-output"), show_default=True,
              help="The folder to write to.")  # fmt: skip
@options.settings
@options.progress
@speaking
def demo(app: App, source: Path | None, folder: Path, settings: tuple[str, ...]) -> None:
    """Render a vertical reel from a match that is drawn on the spot, or from a file of yours.

    Writes reel.mp4, its chapters as reel.vtt, and reel.json: edit that and run `clipmill reel` on it.
    """
    from clipmill.cli.reel_file import with_local_keys
    from clipmill.cli.requests import with_settings
    from clipmill.cli.summary import summary, with_path
    from clipmill.cli.workplace import workplace_on_files
    from clipmill.jobs.job import Job, new_job_id

    started = time.monotonic()
    with workplace_on_files(app) as place:
        drawn = _match_reel(place, folder) if source is None else _file_reel(source)
        document = with_settings(drawn, settings)
        _write(place, folder / REEL, json.dumps(document, indent=2) + "\n")
        request = with_local_keys(document, folder / REEL, None)
        result = with_path(place.run(Job(new_job_id(), "export_multi_clip", request, kept=False), "reel.mp4"))
        _write(place, folder / CHAPTERS, _webvtt(result))
    took_s = round(time.monotonic() - started, 1)
    app.output.tell(summary(result))
    app.output.tell(f"{seconds_text(took_s)} in all. Edit {folder / REEL}, then: clipmill reel {folder / REEL}")
    files = {"reel": str((folder / REEL).absolute()), "webvtt": str((folder / CHAPTERS).absolute())}
    app.output.result(result | files | {"took_s": took_s}, result["output"])


def _match_reel(place: "Workplace", folder: Path) -> dict[str, Any]:
    from clipmill.cli.samples.match_film import match_at
    from clipmill.cli.samples.match_reel import match_reel

    return match_reel(match_at(place, folder / MATCH), MATCH)


def _file_reel(source: Path) -> dict[str, Any]:
    from clipmill.cli.samples.file_reel import file_reel
    from clipmill.engines.probe import probe, require_video

    return file_reel(require_video(probe(source)), str(source.resolve()))


def _write(place: "Workplace", path: Path, text: str) -> None:
    from clipmill.cli.paths import key_of

    place.machine.store.put_bytes(key_of(path), text.encode())


def _webvtt(result: dict[str, Any]) -> str:
    from clipmill.media.chapters import Chapter, webvtt

    return webvtt(
        Chapter(mark["index"], mark["title"], round(mark["start"] * 1000), round(mark["end"] * 1000))
        for mark in result["chapters"]
    )
