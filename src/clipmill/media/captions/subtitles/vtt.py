"""WebVTT: what browsers show."""

from collections.abc import Sequence
from fractions import Fraction

from clipmill.media.captions.subtitles.cues import Cue, clock, moment

HEADER = "WEBVTT\n"


def write_vtt(cues: Sequence[Cue], rate: Fraction) -> str:
    """The text of a .vtt file; its header alone without cues."""
    return "\n".join([HEADER, *(_block(index, cue, rate) for index, cue in enumerate(cues, start=1))])


def _block(index: int, cue: Cue, rate: Fraction) -> str:
    first, end = (clock(moment(frame, rate, 1000), ".") for frame in (cue.first, cue.end))
    return f"{index}\n{first} --> {end}\n{_literal(cue.text or '')}\n"


def _literal(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
