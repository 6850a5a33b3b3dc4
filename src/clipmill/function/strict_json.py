"""JSON as people send it, read strictly: an object whose numbers are finite and whose text can be written down."""

import json
from typing import Any, NoReturn

from clipmill.errors import InvalidRequestError


def read_object(data: bytes, source: str) -> dict[str, Any]:
    """The JSON object; ``source`` names it in errors.

    >>> read_object(b'{"fps": 25}', "body")
    {'fps': 25}
    >>> read_object(b'{"fps": NaN}', "body")
    Traceback (most recent call last):
    clipmill.errors.InvalidRequestError: body: not JSON: NaN is no JSON number. Send UTF-8 text with one JSON object.
    """
    try:
        text = data.decode("utf-8-sig")
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite, object_pairs_hook=_object)
        if "\\u" in text:
            # Escapes can spell halves of characters, which no database and no file takes.
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as fault:
        place = f"line {fault.lineno}, column {fault.colno}"
        raise InvalidRequestError(f"{source}: not JSON at {place}: {fault.msg}. Mend it there.") from None
    except (UnicodeError, RecursionError, ValueError) as fault:
        raise InvalidRequestError(f"{source}: not JSON: {fault}. Send UTF-8 text with one JSON object.") from None
    if not isinstance(value, dict):
        raise InvalidRequestError(f"{source}: expected a JSON object {{...}}, got {type(value).__name__}.")
    return value


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        raise ValueError(f"{text:.40} is too large a number")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found and found[name] != value:
            raise ValueError(f"{name!r:.80} stands there twice with different values")
        found[name] = value
    return found
