"""One call for every form in which captions leave."""

from collections.abc import Iterable, Mapping
from typing import Any

from clipmill.errors import InvalidParameterError
from clipmill.media.captions.keys import Export
from clipmill.media.captions.layout import LayoutResult
from clipmill.media.captions.sampling import cropped_rate
from clipmill.media.captions.subtitles.ass import write_ass
from clipmill.media.captions.subtitles.cues import cues_of, timed
from clipmill.media.captions.subtitles.spreadsheet import write_csv
from clipmill.media.captions.subtitles.srt import write_srt
from clipmill.media.captions.subtitles.structured import write_json
from clipmill.media.captions.subtitles.vtt import write_vtt


def export_captions(
    rows: Iterable[Mapping[str, Any]],
    fmt: str,
    *,
    frame_rate: object = 10,
    layout: LayoutResult | None = None,
    spreadsheet_safe: bool = False,
    video_id: str = "",
) -> str:
    """The rows of captions.db as the text of an srt, vtt, ass, json or csv file.

    The layout places the lines of ASS; ``spreadsheet_safe`` keeps CSV cells from being read as formulas.
    """
    form, rate = _form(fmt), cropped_rate(frame_rate)
    cues = cues_of(rows, rate)
    match form:
        case Export.JSON:
            return write_json(cues, rate, video_id)
        case Export.CSV:
            return write_csv(cues, rate, spreadsheet_safe=spreadsheet_safe)
        case Export.SRT:
            writer = write_srt
        case Export.VTT:
            writer = write_vtt
        case Export.ASS:
            return write_ass(timed([cue for cue in cues if cue.visible], rate), rate, layout)
    return writer(timed([cue for cue in cues if cue.visible], rate), rate)


def _form(fmt: str) -> Export:
    if fmt not in set(Export):
        raise InvalidParameterError(
            f"fmt: expected one of {', '.join(Export)}, got {fmt!r:.80}. Choose one of these.", details={"field": "fmt"}
        )
    return Export(fmt)
