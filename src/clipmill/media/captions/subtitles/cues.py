"""The captions of a video as cues: what is shown, from when to when.

*Convention:* frames are counted at the rate of the captions, ends are exclusive; a moment is rounded once, half up, from
its exact time.
"""

import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from clipmill.errors import InvalidParameterError
from clipmill.media.captions.publishing import ExtentState
from clipmill.media.time import round_half_up

SHORTEST_CUE = Fraction(1, 10)
SHOWN_STATES = frozenset({ExtentState.PREDICTED, ExtentState.CONFIRMED})

_LINE_ENDS = str.maketrans({"\r": "\n", "\u2028": "\n", "\u2029": "\n"})


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption: the frames of its row, and the frames between which it is shown."""

    id: str
    start_frame: int
    end_frame: int
    first: int
    end: int
    text: str | None
    """Lines joined by LF; None where nobody has read the caption."""
    confidence: float | None
    extents_confidence: float | None
    state: ExtentState

    @property
    def visible(self) -> bool:
        """Whether there is anything to see in it."""
        return any(unicodedata.category(character)[0] not in "CZ" for character in self.text or "")


def cues_of(rows: Iterable[Mapping[str, Any]], rate: Fraction) -> list[Cue]:
    """The rows of captions.db that are captions, in order, each shown for its frames."""
    return timed(sorted(filter(None, map(_cue, rows)), key=lambda cue: (cue.start_frame, cue.end_frame, cue.id)), rate)


def timed(cues: Sequence[Cue], rate: Fraction) -> list[Cue]:
    """The same cues, none shown before the last one is over, each for a tenth of a second at least."""
    shortest = math.ceil(SHORTEST_CUE * rate)
    shown: list[Cue] = []
    end = 0
    for place, cue in enumerate(cues):
        first = max(cue.start_frame, end)
        following = cues[place + 1].start_frame if place + 1 < len(cues) else cue.end_frame
        end = max(first + shortest, min(cue.end_frame, following))
        shown.append(replace(cue, first=first, end=end))
    return shown


def tidy(text: str) -> str:
    r"""Text as a cue holds it: lines ended by LF, without control characters, blank lines and space at line ends.

    >>> tidy("one \r\n\r\n\x07two")
    'one\ntwo'
    """
    lines = text.replace("\r\n", "\n").translate(_LINE_ENDS).split("\n")
    cleaned = ("".join(filter(_printable, line)).rstrip() for line in lines)
    return "\n".join(line for line in cleaned if line)


def moment(frame: int, rate: Fraction, units: int) -> int:
    """When a frame begins, in whole ``units`` of which a second has so many.

    >>> moment(36125, Fraction(10), 1000)
    3612500
    """
    return round_half_up(units * frame / rate)


def clock(milliseconds: int, mark: str) -> str:
    """``HH:MM:SS`` and thousandths behind a mark."""
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}{mark}{rest % 1000:03d}"


def _printable(character: str) -> bool:
    # Half of a surrogate pair is no character, and no UTF-8 either.
    return character == "\t" or unicodedata.category(character) not in {"Cc", "Cs"}


def _cue(row: Mapping[str, Any]) -> Cue | None:
    state = ExtentState(row["caption_frame_extents_state"])
    if state not in SHOWN_STATES:
        return None
    start, end = int(row["start_frame"]), int(row["end_frame"])
    if not 0 <= start < end:
        raise InvalidParameterError(
            f"caption {row['id']!r:.200}: expected 0 <= start_frame < end_frame, got {start} and {end}. "
            "Ends are exclusive.",
            details={"start_frame": start, "end_frame": end},
        )
    text = row.get("caption_ocr") if row.get("text") is None else row["text"]
    confidences = row.get("caption_ocr_confidence"), row.get("extents_confidence")
    return Cue(str(row["id"]), start, end, start, end, None if text is None else tidy(text), *confidences, state)
