"""Requests from the command line: JSON files, and single fields set over them."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from clipmill.errors import AccessDeniedError, LimitExceededError, SourceMissingError
from clipmill.function.strict_json import read_object

MOST_BYTES = 16 * 1024 * 1024


def read_request(source: str) -> dict[str, Any]:
    """The JSON object of a file, or of stdin for ``-``."""
    data = read_bytes(source)
    if len(data) > MOST_BYTES:
        raise LimitExceededError(f"{source}: a request is at most {MOST_BYTES >> 20} MiB of JSON. Split it.")
    return read_object(data, source)


def with_settings(request: dict[str, Any], settings: Sequence[str]) -> dict[str, Any]:
    """The request with every ``key=value`` set in it; numbers in a key choose items of a list.

    >>> with_settings({"clips": [{"name": "a"}]}, ["clips.0.name=b", "fps=25", "output_key=x.mp4"])
    {'clips': [{'name': 'b'}], 'fps': 25, 'output_key': 'x.mp4'}
    """
    changed = json.loads(json.dumps(request))
    for setting in settings:
        path, sign, text = setting.partition("=")
        if not sign or not all(parts := path.split(".")):
            raise click.UsageError(f"--set {setting}: expected KEY=VALUE, such as fps=25 or transition.type=fade.")
        _put(changed, parts, _value(text), setting)
    return changed


def _value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except ValueError:
        return text


def _put(into: Any, path: Sequence[str], value: Any, setting: str) -> None:
    name, *rest = path
    place: Any = name
    if isinstance(into, list):
        if not (name.isascii() and name.isdigit() and int(name) < len(into)):
            raise click.UsageError(f"--set {setting}: {name} is no item of a list of {len(into)}, counted from 0.")
        place = int(name)
    elif not isinstance(into, dict):
        raise click.UsageError(f"--set {setting}: there is no field {name} inside of {into!r:.40}.")
    if not rest:
        into[place] = value
        return
    _put(into[place] if isinstance(into, list) else into.setdefault(place, {}), rest, value, setting)


def read_bytes(source: str) -> bytes:
    """What a file holds, or stdin for ``-``; of what is too large, a byte more than `MOST_BYTES`."""
    if source == "-":
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    try:
        with Path(source).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise SourceMissingError(f"there is no file {source}. Check the path.") from None
    except PermissionError:
        raise AccessDeniedError(f"the file {source} may not be read. Check its permissions.") from None


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
