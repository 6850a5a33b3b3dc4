"""What the text of a variable stands for; a text that cannot be meant is a `ValueError` that says what was expected."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from clipmill.function.needs import Gpu
from clipmill.storage.keys import validate_key

_MOST_DAYS = 36_500


def count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError("expected a whole number from 1")
    return int(text)


def none_or_more(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError("expected a whole number from 0")
    return int(text)


def not_negative(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError("expected a number") from None
    if not 0 <= value < float("inf"):
        raise ValueError("expected a number from 0")
    return value


def above_zero(text: str) -> float:
    value = not_negative(text)
    if value == 0:
        raise ValueError("expected a number above 0")
    return value


def days(text: str) -> float:
    value = not_negative(text)
    if value > _MOST_DAYS:
        raise ValueError(f"expected up to {_MOST_DAYS} days")
    return value


def a_day_or_more(text: str) -> float:
    value = days(text)
    if value < 1:
        raise ValueError("expected a day or more: an idempotency key is good for so long")
    return value


def port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise ValueError("expected a port, 0 to 65535")
    return int(text)


def switch(text: str) -> bool:
    if text not in {"on", "off"}:
        raise ValueError("expected on or off")
    return text == "on"


def yes_or_no(text: str) -> bool:
    # Editors that know the name write it in their own ways.
    if text.lower() not in {"true", "false", "1", "0"}:
        raise ValueError("expected true or false")
    return text.lower() in {"true", "1"}


def words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def origins(text: str) -> tuple[str, ...]:
    """Origins as browsers send them.

    >>> origins("https://editor.example.com, http://localhost:5173")
    ('https://editor.example.com', 'http://localhost:5173')
    """
    for origin in words(text):
        parts = urlsplit(origin)
        if origin != f"{parts.scheme}://{parts.netloc}" or not parts.netloc:
            raise ValueError("expected origins such as https://editor.example.com, without a path")
    return words(text)


def key(text: str) -> str:
    # It becomes a header, where a line break would begin another one.
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise ValueError("expected a key as `clipmill keys create` shows it")
    return text


def endpoints(text: str) -> Mapping[Gpu, str]:
    """Endpoints by class of card; one without a class takes everything.

    >>> endpoints("abc123")[Gpu.NONE], endpoints("none=cpu1, small=gpu1")[Gpu.SMALL]
    ('abc123', 'gpu1')
    """
    found: dict[Gpu, str] = {}
    for word in words(text):
        name, sign, endpoint = word.rpartition("=")
        if not endpoint.isalnum():
            raise ValueError("expected the id of an endpoint, or class=id for each class, such as small=abc,medium=def")
        found |= {Gpu(name): endpoint} if sign else dict.fromkeys(Gpu, endpoint)
    return found


def pool(text: str) -> str:
    # It becomes part of an address.
    if not (text.isascii() and text.replace("-", "").replace("_", "").isalnum()):
        raise ValueError("expected a name of letters, digits, - and _")
    return text


def limits(text: str) -> Mapping[Gpu, int]:
    """Numbers by class of card.

    >>> limits("small=2, large=1")[Gpu.SMALL]
    2
    """
    found: dict[Gpu, int] = {}
    for word in words(text):
        name, sign, number = word.partition("=")
        if not sign:
            raise ValueError("expected class=number for each class, such as small=2,medium=1")
        found[Gpu(name)] = count(number)
    return found


def prefixes(text: str) -> tuple[str, ...]:
    """Each with its slash at the end.

    >>> prefixes("games/, test")
    ('games/', 'test/')
    """
    parts = [part.strip().rstrip("/") for part in text.split(",") if part.strip()]
    return tuple(validate_key(part, "prefix") + "/" for part in parts)


def service_url(text: str) -> str:
    """Where a service is, without a slash at the end.

    >>> service_url("https://clips.example.com/video/")
    'https://clips.example.com/video'
    """
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("expected the address of a service, such as https://clips.example.com")
    if parts.username is not None or parts.password is not None:
        raise ValueError("expected an address without a name or password in it; the key goes into CLIPMILL_API_KEY")
    return text.rstrip("/")
