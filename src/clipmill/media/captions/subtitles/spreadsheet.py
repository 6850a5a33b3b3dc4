"""CSV: the captions as a table."""

import csv
import io
from collections.abc import Sequence
from fractions import Fraction

from clipmill.media.captions.subtitles.cues import Cue, moment

COLUMNS = (
    "index", "id", "start_frame", "end_frame", "start", "end", "text", "confidence", "extents_confidence", "state",
)  # fmt: skip
FORMULA_SIGNS = ("=", "+", "-", "@")


def write_csv(cues: Sequence[Cue], rate: Fraction, *, spreadsheet_safe: bool) -> str:
    """The text of a .csv file; ``spreadsheet_safe`` puts an apostrophe before what a spreadsheet would compute."""
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for index, cue in enumerate(cues, start=1):
        cells = _cells(index, cue, rate)
        writer.writerow([f"'{cell}" if spreadsheet_safe and cell.startswith(FORMULA_SIGNS) else cell for cell in cells])
    return table.getvalue()


def _cells(index: int, cue: Cue, rate: Fraction) -> list[str]:
    first, end = (f"{moment(frame, rate, 1000) / 1000:.3f}" for frame in (cue.first, cue.end))
    confidences = ("" if one is None else f"{one:.4f}" for one in (cue.confidence, cue.extents_confidence))
    return [
        *(str(index), cue.id, str(cue.start_frame), str(cue.end_frame)),
        *(first, end, cue.text or "", *confidences, cue.state),
    ]
