"""``clipmill captions``: the captions burnt into a video as subtitle files."""

import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from clipmill.cli import options
from clipmill.cli.app import App
from clipmill.cli.options import speaking

TENANT = "local"
FORMS = ("srt", "vtt", "ass", "json", "csv")


class Region(click.ParamType[dict[str, float]]):
    """Four fractions of the picture."""

    name = "LEFT,TOP,RIGHT,BOTTOM"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, float]:
        try:
            left, top, right, bottom = map(float, str(value).split(","))
        except ValueError:
            message = f"expected {self.name} as fractions of the picture, such as 0.1,0.8,0.9,0.95, got {value!r}"
            self.fail(message, param, ctx)
        return {"crop_left": left, "crop_top": top, "crop_right": right, "crop_bottom": bottom}


@click.command()
@click.argument("video", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"A file to write, its form told by its suffix: {', '.join(FORMS)}. Give it again for another; .srt beside the video unless given.",
)
@click.option("--region", type=Region(), help="Where the captions stand; found by itself unless given.")
@click.option(
    "--language", "languages", multiple=True, metavar="TAG", help="A language of the captions, such as en or zh."
)
@click.option("--engine", metavar="NAME", help="What reads the text: rapidocr, tesseract or google-vision.")
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), help="A folder for frames and databases.")
@options.settings
@options.progress
@speaking
def captions(
    app: App, *, video: Path, outputs: tuple[Path, ...], settings: tuple[str, ...], keep: Path | None, **wanted: Any
) -> None:
    """Read the captions burnt into a video, timed to the frame.

    Each caption is timed to a tenth of a second. Without --region the captions are looked for on a frame every ten
    seconds.
    """
    from clipmill.cli.paths import key_of
    from clipmill.cli.requests import with_settings
    from clipmill.cli.workplace import workplace_on_video
    from clipmill.jobs.job import Job, new_job_id

    written = outputs or (video.with_suffix(".srt"),)
    forms = _forms(written)
    with _folder(keep) as folder, workplace_on_video(app, folder, TENANT) as place:
        wanted["keep_frames"] = keep is not None
        request = with_settings(_request(video, list(dict.fromkeys(forms)), wanted), settings)
        job = Job(new_job_id(), "read_captions", request, TENANT, kept=False)
        result = place.run(job, video.name, at_once=1)
        store = place.machine.store
        for path, form in zip(written, forms, strict=True):
            store.put_bytes(f"{TENANT}/{key_of(path)}", store.get_bytes(result["outputs"][form]))
    for warning in result["warnings"]:
        app.output.tell(f"warning {warning['code']}: {warning['message']}")
    app.output.tell(f"{result['captions']} captions, {result['read']} of them read now")
    app.output.result(_with_paths(result, written, forms), "\n".join(map(str, written)))


def _forms(outputs: Sequence[Path]) -> list[str]:
    forms = [output.suffix.lower().removeprefix(".") for output in outputs]
    for output, form in zip(outputs, forms, strict=True):
        if form not in FORMS:
            raise click.BadParameter(f"{output}: expected a file that ends in .{', .'.join(FORMS)}.", param_hint="-o")
    return forms


def _request(video: Path, forms: Sequence[str], wanted: Mapping[str, Any]) -> dict[str, Any]:
    from clipmill.cli.paths import key_of

    named: dict[str, Any] = {
        "crop_region": wanted["region"],
        "languages": list(wanted["languages"]) or None,
        "ocr_engine": wanted["engine"],
    }
    return {
        "video_key": f"{TENANT}/{key_of(video)}",
        "tenant_id": TENANT,
        "video_id": _identifier(video),
        "formats": list(forms),
        "keep_frames": wanted["keep_frames"],
        **{name: value for name, value in named.items() if value is not None},
    }


def _identifier(video: Path) -> str:
    """The name of the video as an identifier.

    >>> _identifier(Path("My match (1st half)..mp4"))
    'My-match-1st-half'
    """
    return re.sub(r"[^A-Za-z0-9]+", "-", video.stem).strip("-")[:100] or "video"


@contextmanager
def _folder(keep: Path | None) -> Generator[Path]:
    """Where frames and databases lie while the captions are read, or longer."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    from clipmill.settings import Settings

    root = Settings.from_environment().scratch_root
    root.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="clipmill-captions-", dir=root) as folder:
        yield Path(folder)


def _with_paths(result: Mapping[str, Any], written: Sequence[Path], forms: Sequence[str]) -> dict[str, Any]:
    """A result that names the files that were written in place of keys."""
    rest = {name: value for name, value in result.items() if not name.endswith(("_key", "_prefix"))}
    return rest | {"outputs": {form: str(path) for path, form in zip(written, forms, strict=True)}}
