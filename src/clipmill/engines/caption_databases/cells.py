"""Values on their way into a cell of a table."""

import json
import math
from typing import Any

from clipmill.media.captions.region import SLACK


def share(value: float | None) -> float | None:
    """A probability or confidence, pressed into 0..1; NaN is left for the database to refuse."""
    if value is None or math.isnan(value):
        return value
    return min(max(float(value), 0.0), 1.0)


def coordinate(value: float) -> float:
    """A fraction that rounding carried over an edge is taken back; a pixel is left for the database to refuse."""
    return min(max(float(value), 0.0), 1.0) if -SLACK <= value <= 1 + SLACK else float(value)


def as_json(value: Any) -> str | None:
    """Nested values as text, equal ones as equal text; None stays None."""
    if value is None:
        return None
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def from_json(text: str | None) -> Any:
    return None if text is None else json.loads(text)
