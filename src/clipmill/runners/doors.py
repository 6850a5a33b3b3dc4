"""The modules by which platforms are reached, loaded when they are to be used; a folder may be missing."""

from importlib import import_module
from types import ModuleType

from clipmill.errors import InvalidRequestError


def door(platform: str, place: str) -> ModuleType:
    """The module ``place`` of a platform; `InvalidRequestError` where this installation does not have it."""
    try:
        return import_module(place)
    except ModuleNotFoundError as fault:
        # What the module itself needs and does not find is told as it is.
        if fault.name is None or not f"{place}.".startswith(f"{fault.name}."):
            raise
        raise InvalidRequestError(f"this installation has no {place}: {platform} is not to be had here.") from fault
