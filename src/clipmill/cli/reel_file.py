"""Reels as JSON files: a multi-clip request whose keys are paths, relative to the file itself."""

from pathlib import Path
from typing import Any

from clipmill.cli.paths import key_of
from clipmill.errors import InvalidRequestError

_SOURCE = ("source_key", "sourceKey")
_SOURCES = ("source_keys", "sourceKeys")
_OUTPUT = ("output_key", "outputKey")


def with_local_keys(reel: dict[str, Any], file: Path, output: Path | None) -> dict[str, Any]:
    """The request with keys in place of paths.

    The output is ``output``, else the file's own ``output_key``, else the file with ``.mp4`` at its end. Values that
    are no text stay as they are, for the function to refuse.
    """
    folder = file.parent
    request = {name: value for name, value in reel.items() if name not in _OUTPUT}
    for name in _SOURCES:
        if isinstance(paths := request.get(name), list):
            request[name] = [_key(path, folder) for path in paths]
    if isinstance(clips := request.get("clips"), list):
        request["clips"] = [_clip(clip, folder) for clip in clips]
    named = next((reel[name] for name in _OUTPUT if name in reel), None)
    request["output_key"] = key_of(output) if output else _key(named or f"{file.stem}.mp4", folder)
    if request["output_key"] in sources_of(request):
        raise InvalidRequestError(f"the output {output or named} is one of the sources. Write to another file.")
    return request


def sources_of(request: dict[str, Any]) -> set[Any]:
    """The keys that a request reads."""
    clips = [clip for clip in request.get("clips") or [] if isinstance(clip, dict)]
    listed = [key for name in _SOURCES for key in request.get(name) or [] if isinstance(key, str)]
    return {*listed, *(clip[name] for clip in clips for name in _SOURCE if isinstance(clip.get(name), str))}


def _clip(clip: Any, folder: Path) -> Any:
    if not isinstance(clip, dict):
        return clip
    return {name: _key(value, folder) if name in _SOURCE else value for name, value in clip.items()}


def _key(path: Any, folder: Path) -> Any:
    return key_of(folder / path) if isinstance(path, str) and path else path
