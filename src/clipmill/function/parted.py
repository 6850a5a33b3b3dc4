"""A call in parts, as plain JSON: from its plan to the calls of ``render_part``, and from their results to ``join_parts``.

Convention: a plan is what ``plan_parts`` tells; stretches are counted from 0, ends are exclusive.
"""

from collections.abc import Mapping, Sequence
from typing import Any

SHARED = ("function", "request", "stretch_s")
"""What is the same in the plan, in every part and in the join."""


def split(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The request of each part, without the key its file goes to.

    >>> split({"function": "f", "request": {}, "stretch_s": 20, "parts": [{"first": 0, "last": 3, "frames": 1800}]})
    [{'function': 'f', 'request': {}, 'stretch_s': 20, 'first': 0, 'last': 3}]
    """
    return [_shared(plan) | {name: part[name] for name in ("first", "last")} for part in plan["parts"]]


def merge(plan: Mapping[str, Any], rendered: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The request of the join, from the results of the parts, in whatever order they came."""
    entries = [result["part"] | {"key": result["output_key"]} for result in rendered]
    return _shared(plan) | {"parts": sorted(entries, key=lambda entry: entry["first"])}


def _shared(plan: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plan[name] for name in SHARED}
