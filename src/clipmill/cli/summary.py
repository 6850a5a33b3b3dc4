"""What became of a video, in a few lines for people."""

from collections.abc import Iterator, Mapping
from typing import Any

from clipmill.cli.paths import path_of
from clipmill.cli.wording import rate_text, seconds_text


def with_path(result: Mapping[str, Any]) -> dict[str, Any]:
    """A result that names the local file in place of its key."""
    rest = {name: value for name, value in result.items() if name != "output_key"}
    return {"status": result["status"], "output": str(path_of(result["output_key"]))} | rest


def summary(result: Mapping[str, Any]) -> str:
    """Size, sound, what was copied and encoded, chapters and warnings of a written video."""
    return "\n".join(_lines(result))


def _lines(result: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"{seconds_text(result['duration'])}, {result['frames']} frames, {result['width']}x{result['height']} "
        f"at {rate_text(result['fps'])} frames per second, sound {result['audio']}, by {result['encoder']}"
    )
    cache = result["cache"]
    if cache["hits"] or cache["misses"]:
        yield f"clips: {cache['misses']} rendered, {cache['hits']} from the cache"
    if result["copied_ranges"]:
        copied = sum(end - start for start, end in result["copied_ranges"])
        encoded = max(0.0, result["duration"] - copied)
        yield f"joined: {seconds_text(round(copied, 2))} copied, {seconds_text(round(encoded, 2))} encoded"
    for mark in result["chapters"]:
        yield f"chapter {mark['index'] + 1}: {seconds_text(mark['start'])}  {mark['title']}"
    for warning in result["warnings"]:
        yield f"warning {warning['code']}: {warning['message']}"
