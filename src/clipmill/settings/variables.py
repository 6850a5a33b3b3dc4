"""The variables of an environment, asked by name."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from clipmill.errors import InvalidKeyError, InvalidRequestError
from clipmill.storage.redact import redact

T = TypeVar("T")

_SECRETS = frozenset(
    {
        "api_key",
        "RUNPOD_API_KEY",
        "CLIPMILL_API_KEY",
        "CLIPMILL_WEBHOOK_SECRETS",
        "PREFECT_API_AUTH_STRING",
        "PREFECT_API_KEY",
    }
)


class Variables:
    """What is given by name; a blank text counts as missing."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given

    def read(self, name: str, parse: Callable[[str], T], default: T) -> T:
        """The value of a variable, or the default where it is missing."""
        text = self._given.get(name, "").strip()
        return parsed(name, text, parse) if text else default


def parsed(name: str, text: str, parse: Callable[[str], T]) -> T:
    """What the text means; one that cannot be meant is an error that names the variable, and shows no secret."""
    try:
        return parse(text)
    except (ValueError, InvalidKeyError) as fault:
        got = "" if name in _SECRETS else f"; got {redact(text)!r:.200}"
        raise InvalidRequestError(f"{name}: {fault}{got}", details={"field": name}) from None
