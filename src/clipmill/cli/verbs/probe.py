"""``clipmill probe``: what a media file is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from clipmill.cli.app import App
from clipmill.cli.options import speaking
from clipmill.cli.wording import columns, rate_text, seconds_text, size_text


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@speaking
def probe(app: App, file: Path) -> None:
    """Tell what a media file is.

    Sizes are those that people see: rotation and pixel shape are taken into account.
    """
    from clipmill.engines import probe as prober

    value = prober.probe(file).to_json()
    app.output.result(value, columns(_rows(value)))


def _rows(info: dict[str, Any]) -> Iterator[tuple[str, str]]:
    size = "" if info["size_bytes"] is None else f", {size_text(info['size_bytes'])}"
    yield "file", f"{info['container']}, {seconds_text(info['duration_s'])}{size}"
    if info["video"]:
        yield from _video_rows(info["video"])
    for track in info["audio_tracks"]:
        length = "" if track["duration_s"] is None else f", {seconds_text(track['duration_s'])}"
        start = f", from {seconds_text(track['start_s'])}" if track["start_s"] else ""
        text = f"{track['codec']}, {track['sample_rate']} Hz, {track['channels']} channels{length}{start}"
        yield f"sound {track['index']}", text
    for mark in info["chapters"]:
        yield (
            f"chapter {mark['index'] + 1}",
            f"{seconds_text(mark['start'])} to {seconds_text(mark['end'])}  {mark['title']}",
        )


def _video_rows(video: dict[str, Any]) -> Iterator[tuple[str, str]]:
    coded = (video["coded_width"], video["coded_height"])
    shown = (video["width"], video["height"])
    yield (
        "picture",
        f"{video['codec']}, {shown[0]}x{shown[1]}" + ("" if shown == coded else f" (coded {coded[0]}x{coded[1]})"),
    )
    if video["rotation"] or video["mirrored"]:
        yield "turned", f"{video['rotation']} degrees clockwise" + (", mirrored" if video["mirrored"] else "")
    variable = " on average, variable" if video["variable_rate"] else ""
    yield "rate", f"{rate_text(video['fps'])} frames per second ({video['fps']}){variable}"
    counted = "" if video["frames"] is None else f", {video['frames']} frames"
    start = f", from {seconds_text(video['start_s'])}" if video["start_s"] else ""
    yield "length", seconds_text(video["duration_s"]) + counted + start
    yield (
        "pixels",
        f"{video['pixel_format']}, {video['bit_depth']} bits" + (", interlaced" if video["interlaced"] else ""),
    )
    yield "colour", _colour(video["colour"]) + (f", HDR ({video['hdr']})" if video["hdr"] else "")


def _colour(colour: dict[str, Any]) -> str:
    names = [colour[part] or "untagged" for part in ("matrix", "primaries", "transfer")]
    shown = names[0] if len(set(names)) == 1 else "/".join(names)
    return f"{shown}, {'full' if colour['full_range'] else 'limited'} range"
