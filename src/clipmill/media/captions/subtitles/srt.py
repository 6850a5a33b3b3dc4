"""SubRip: numbered blocks with a blank line between them."""

from collections.abc import Sequence
from fractions import Fraction

from clipmill.media.captions.subtitles.cues import Cue, clock, moment

ARROW = "-->"


def write_srt(cues: Sequence[Cue], rate: Fraction) -> str:
    """The text of an .srt file; nothing at all without cues."""
    return "\n".join(_block(index, cue, rate) for index, cue in enumerate(cues, start=1))


def _block(index: int, cue: Cue, rate: Fraction) -> str:
    first, end = (clock(moment(frame, rate, 1000), ",") for frame in (cue.first, cue.end))
    return f"{index}\n{first} {ARROW} {end}\n{_literal(cue.text or '')}\n"


def _literal(text: str) -> str:
    # Dashes before an arrow make a new one when it is shortened.
    while ARROW in text:
        text = text.replace(ARROW, "->")
    return text
