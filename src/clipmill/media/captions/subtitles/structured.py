"""JSON: everything that is known about each caption."""

import json
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from clipmill.media.captions.subtitles.cues import Cue, moment

VERSION = 1


def write_json(cues: Sequence[Cue], rate: Fraction, video_id: str) -> str:
    """The text of a .json file, one object in one line."""
    captions = [_caption(index, cue, rate) for index, cue in enumerate(cues, start=1)]
    frame_rate = int(rate) if rate.denominator == 1 else float(rate)
    said = {"version": VERSION, "video_id": video_id, "frame_rate": frame_rate, "captions": captions}
    return json.dumps(said, ensure_ascii=False) + "\n"


def _caption(index: int, cue: Cue, rate: Fraction) -> dict[str, Any]:
    return {
        "index": index,
        "id": cue.id,
        "start_frame": cue.start_frame,
        "end_frame": cue.end_frame,
        "start": moment(cue.first, rate, 1000) / 1000,
        "end": moment(cue.end, rate, 1000) / 1000,
        "text": cue.text,
        "confidence": cue.confidence,
        "extents_confidence": cue.extents_confidence,
        "state": cue.state,
    }
