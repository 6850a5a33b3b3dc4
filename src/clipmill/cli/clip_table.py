"""Tables of annotated moments as files, and what a request says of their rows."""

from collections.abc import Mapping
from typing import Any

from clipmill.cli.requests import read_bytes
from clipmill.errors import InvalidAnnotationError
from clipmill.media.annotation_table import read_table
from clipmill.media.annotations import Annotation


def read_clips(file: str) -> list[dict[str, Any]]:
    """The clips of a request out of the table in a file, or in stdin for ``-``; an error tells every bad line."""
    try:
        return [_clip(row) for row in read_table(read_bytes(file))]
    except InvalidAnnotationError as fault:
        told = "\n".join(_told(file, found) for found in fault.details["faults"])
        raise InvalidAnnotationError(
            f"nothing was written, {file} has lines that cannot be read. Correct them:\n{told}", details=fault.details
        ) from None


def _told(file: str, fault: Mapping[str, Any]) -> str:
    place = f"{file}:{fault['line']}: " + (f"{fault['column']}: " if fault["column"] else "")
    return place + fault["message"]


def _clip(row: Annotation) -> dict[str, Any]:
    return {
        "start_time": float(row.start),
        "end_time": float(row.end),
        "name": row.name,
        "notes": row.notes,
        "rating": row.rating.value,
        "tags": list(row.tags),
        "video_sequence": row.video_sequence,
    }
