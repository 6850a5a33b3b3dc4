"""Annotations as a table: tab separated text that spreadsheets and other tools read and write.

Convention: lines count from 1, the header and blank lines included; a tab ends a cell, a line break ends a row.
"""

import codecs
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from clipmill.errors import InvalidAnnotationError, LimitExceededError
from clipmill.media.annotation_cells import COLUMNS, Reader, readers, written
from clipmill.media.annotations import Annotation, complaint_about

MOST_BYTES = 16 * 1024 * 1024
MOST_ROWS = 10_000
FEWEST_CELLS = 5
HEADERS = (COLUMNS[:-1], COLUMNS)
"""A table of one video may leave the column of the videos out."""


@dataclass(frozen=True, slots=True)
class TableFault:
    """What is wrong in a line; the column is None where the line as a whole is wrong."""

    line: int
    column: str | None
    message: str


def read_table(
    table: str | bytes,
    *,
    allowed_tags: Collection[str] | None = None,
    duration: Fraction | None = None,
) -> tuple[Annotation, ...]:
    """The annotations of a table, in its order: all of them or, where any line is faulty, none.

    With the ``duration`` of the video ends are cut there, and a start at or past it is a fault. The error's
    ``details["faults"]`` holds every fault as line, column and message.
    """
    lines = list(_lines(table))
    faults: list[TableFault] = []
    annotations: list[Annotation] = []
    header = _header(lines, faults)
    how = readers(allowed_tags, duration)
    for number, line in lines[1:] if header else ():
        if values := _values(number, line, header, how, faults):
            annotations.append(_annotation(values, duration))
    if faults:
        raise _refusal(faults)
    return tuple(annotations)


def write_table(annotations: Iterable[Annotation]) -> str:
    """The annotations as a table, in the order of their videos and times; it reads back the same to 1 ms."""
    given = list(annotations)
    for index, annotation in enumerate(given):
        if complaint := complaint_about(annotation):
            raise InvalidAnnotationError(f"clip {index}: {complaint}. Correct it.", details={"index": index})
    rows = sorted(given, key=lambda each: (each.video_sequence or 1, each.start, each.end))
    numbered = any(each.video_sequence is not None for each in rows)
    lines = [COLUMNS, *map(written, rows)]
    return "".join("\t".join(cells if numbered else cells[:-1]) + "\n" for cells in lines)


def _lines(table: str | bytes) -> Iterator[tuple[int, bytes]]:
    """Every line that is not blank, with its number."""
    # Half a surrogate pair in a text stays what it is in a file: no UTF-8.
    data = table.encode("utf-8", "surrogatepass") if isinstance(table, str) else table
    if len(data) > MOST_BYTES:
        raise LimitExceededError(f"table: at most {MOST_BYTES >> 20} MiB, got {len(data)} bytes. Split it.")
    found = 0
    for number, line in enumerate(data.removeprefix(codecs.BOM_UTF8).split(b"\n"), 1):
        if line.strip():
            found += 1
            if found > MOST_ROWS + 1:
                raise LimitExceededError(f"table: at most {MOST_ROWS} rows. Split it.")
            yield number, line.removesuffix(b"\r")


def _header(lines: Sequence[tuple[int, bytes]], faults: list[TableFault]) -> Sequence[str]:
    number, line = lines[0] if lines else (1, b"")
    for header in HEADERS:
        if line == "\t".join(header).encode():
            return header
    expected = f"expected the header {' '.join(HEADERS[0])}, tab separated, and {COLUMNS[-1]} or nothing after it"
    faults.append(TableFault(number, None, f"{expected}, got {line.decode('utf-8', 'replace')!r:.200}"))
    return ()


def _values(
    number: int, line: bytes, header: Sequence[str], how: Mapping[str, Reader], faults: list[TableFault]
) -> dict[str, Any] | None:
    """What the cells of a row mean, by column; None where one of them is faulty."""
    before = len(faults)
    values: dict[str, Any] = {}
    for column, cell in _cells_of(number, line, header, faults):
        try:
            values[column] = how[column](cell)
        except ValueError as fault:
            faults.append(TableFault(number, column, str(fault)))
    return values if len(faults) == before else None


def _cells_of(number: int, line: bytes, header: Sequence[str], faults: list[TableFault]) -> Iterable[tuple[str, str]]:
    try:
        cells = line.decode().split("\t")
    except UnicodeDecodeError as fault:
        message = f"expected UTF-8 text, got the byte 0x{line[fault.start]:02x} at byte {fault.start + 1} of the line"
        faults.append(TableFault(number, None, message))
        return ()
    if not FEWEST_CELLS <= len(cells) <= len(header):
        faults.append(TableFault(number, None, f"expected {FEWEST_CELLS} to {len(header)} columns, got {len(cells)}"))
        return ()
    return zip(COLUMNS, (*cells, "", ""), strict=False)


def _annotation(values: Mapping[str, Any], duration: Fraction | None) -> Annotation:
    start = values["start_time"]
    end = start + values["clip_duration"]
    return Annotation(
        start=start,
        end=end if duration is None else min(end, duration),
        name=values["clip_name"],
        notes=values["notes"],
        rating=values["rating"],
        tags=values["tags"],
        video_sequence=values["video_sequence"],
    )


def _refusal(faults: Sequence[TableFault]) -> InvalidAnnotationError:
    first = faults[0]
    place = f"line {first.line}" + (f", {first.column}" if first.column else "")
    return InvalidAnnotationError(
        f"table: nothing was imported; faults: {len(faults)}, the first in {place}: {first.message}. "
        "Correct every line that details.faults names.",
        details={"faults": [asdict(fault) for fault in faults]},
    )
