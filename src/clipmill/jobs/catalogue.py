"""From the name of a function to its place, with nothing imported on this side of the wall."""

import difflib
from collections.abc import Mapping

from clipmill.errors import UnknownJobTypeError
from clipmill.functions.catalog import ALIASES


def entry_of(catalogue: Mapping[str, str], name: str) -> str:
    """Where a function lies, as ``"module:attribute"``.

    >>> entry_of({"echo": "shop:echo"}, "echo")
    'shop:echo'
    """
    if entry := catalogue.get(ALIASES.get(name, name)):
        return entry
    near = difflib.get_close_matches(name, catalogue, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(sorted(catalogue)) or 'none'}."
    raise UnknownJobTypeError(f"there is no function {name!r:.100}. {hint}")
