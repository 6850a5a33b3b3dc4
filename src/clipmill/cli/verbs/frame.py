"""``clipmill frame``: one frame of a framed clip as PNG."""

from pathlib import Path
from typing import Any

import click

from clipmill.cli import options
from clipmill.cli.app import App
from clipmill.cli.options import speaking
from clipmill.cli.wording import seconds_text


class Numbers(click.ParamType[tuple[float, ...]]):
    """So many numbers with a sign between them."""

    def __init__(self, name: str, separator: str, kind: type[int | float]) -> None:
        self.name = name
        self._separator = separator
        self._count = name.count(separator) + 1
        self._kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            numbers = tuple(self._kind(part) for part in value.split(self._separator))
        except ValueError:
            numbers = ()
        if len(numbers) != self._count:
            self.fail(f"expected {self.name}, got {value!r}", param, ctx)
        return numbers


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@options.output("The picture to write.", required=True)
@click.option("-t", "--time", type=float, default=0.0, show_default=True, help="Seconds into the framed clip.")
@click.option("--request", metavar="FILE|-", help="How the clip is framed: the parameters of process_framing as JSON.")
@click.option(
    "--crop", type=Numbers("X,Y,WIDTH,HEIGHT", ",", float), help="The part of the picture to show, in pixels."
)
@click.option("--size", type=Numbers("WIDTHxHEIGHT", "x", int), help="Pixels of the output.")
@options.settings
@speaking
def frame(app: App, *, file: Path, request: str | None, settings: tuple[str, ...], **wanted: Any) -> None:
    """Draw one frame as PNG, exactly as the export will show it.

    Without a request the clip is the whole file at its own rate, in the size of the crop or of the picture.
    """
    from clipmill.cli.paths import key_of
    from clipmill.cli.requests import read_request, with_settings
    from clipmill.cli.summary import with_path
    from clipmill.cli.workplace import workplace_on_files
    from clipmill.jobs.job import Job, new_job_id

    if request and wanted["crop"]:
        raise click.UsageError("--crop and --request both say what is shown. Give one of them.")
    framing = read_request(request) if request else _whole_file(file, wanted["crop"], wanted["size"])
    if wanted["size"]:
        framing |= _sized(*wanted["size"])
    framing |= {"input_key": key_of(file), "output_key": key_of(wanted["output"]), "time": wanted["time"]}
    with workplace_on_files(app) as place:
        job = Job(new_job_id(), "preview_frame", with_settings(framing, settings), kept=False)
        result = with_path(place.run(job, wanted["output"].name))
    app.output.tell(f"frame {result['frame']}, the source at {seconds_text(result['source_time'])}")
    app.output.result(result, result["output"])


def _whole_file(file: Path, crop: tuple[float, ...] | None, size: tuple[int, int] | None) -> dict[str, Any]:
    framing: dict[str, Any] = {"fps": "source"}
    if crop:
        box = dict(zip(("x", "y", "width", "height"), crop, strict=True))
        framing |= {"crop_keyframes": [{"time": 0} | box]} | _sized(*_even(crop[2], crop[3]))
    elif size is None:
        from clipmill.engines.probe import probe, require_video

        shown = require_video(probe(file)).displayed
        framing |= _sized(*_even(shown.width, shown.height))
    return framing


def _even(width: float, height: float) -> tuple[int, int]:
    return 2 * round(width / 2), 2 * round(height / 2)


def _sized(width: int, height: int) -> dict[str, Any]:
    return {"output_width": width, "output_height": height}
