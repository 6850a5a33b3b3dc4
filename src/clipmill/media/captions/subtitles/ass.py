"""Advanced SubStation Alpha: captions at the place where they were found.

*Convention:* the script's resolution is the displayed frame, so its lengths are pixels of that frame.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from clipmill.media.captions.layout import AnchorType, LayoutResult
from clipmill.media.captions.subtitles.cues import Cue, moment
from clipmill.media.geometry import Size
from clipmill.media.time import round_half_up

USUAL_FRAME = Size(1920, 1080)
"""Taken where nothing is known about the frame."""
USUAL_MARGIN = 0.05
USUAL_LETTERS = 0.055
"""Height of a line of text; both in heights of the frame."""
WORD_JOINER = "\u2060"

_ALIGNMENTS = {AnchorType.LEFT: 1, AnchorType.CENTER: 2, AnchorType.RIGHT: 3}
_MEANT_AS_COMMAND = re.compile(r"\\(?=[Nnh{}])")
_STYLE_FIELDS = (
    "Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, "
    "StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, "
    "Encoding"
)


@dataclass(frozen=True, slots=True)
class _Style:
    frame: Size
    alignment: int
    margin: int
    letters: int


def write_ass(cues: Sequence[Cue], rate: Fraction, layout: LayoutResult | None) -> str:
    """The text of an .ass file."""
    return _header(_style(layout)) + "".join(_dialogue(cue, rate) for cue in cues)


def _style(layout: LayoutResult | None) -> _Style:
    known = layout is not None and min(layout.frame_width, layout.frame_height) > 0
    frame = Size(layout.frame_width, layout.frame_height) if layout and known else USUAL_FRAME
    region = layout.crop_region if layout else None
    margin = 1 - region.crop_bottom if region else USUAL_MARGIN
    letters = layout.box_height if layout and layout.box_height else USUAL_LETTERS
    return _Style(
        frame,
        _ALIGNMENTS[(layout and layout.anchor_type) or AnchorType.CENTER],
        round_half_up(margin * frame.height),
        max(1, round_half_up(letters * frame.height)),
    )


def _header(style: _Style) -> str:
    edge = style.frame.width // 50
    return (
        "[Script Info]\n"
        "ScriptType: v4.00+\n"
        f"PlayResX: {style.frame.width}\n"
        f"PlayResY: {style.frame.height}\n"
        "WrapStyle: 0\n"
        "ScaledBorderAndShadow: yes\n"
        "\n"
        "[V4+ Styles]\n"
        f"Format: {_STYLE_FIELDS}\n"
        f"Style: Default,Arial,{style.letters},&H00FFFFFF,&H000000FF,&H00000000,&H64000000,0,0,0,0,100,100,0,0,1,2,0,"
        f"{style.alignment},{edge},{edge},{style.margin},1\n"
        "\n"
        "[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    )


def _dialogue(cue: Cue, rate: Fraction) -> str:
    first, end = (_clock(moment(frame, rate, 100)) for frame in (cue.first, cue.end))
    return f"Dialogue: 0,{first},{end},Default,,0,0,0,,{_literal(cue.text or '')}\n"


def _clock(centiseconds: int) -> str:
    minutes, rest = divmod(centiseconds, 6000)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest // 100:02d}.{rest % 100:02d}"


def _literal(text: str) -> str:
    """Text that means itself; the order of the steps is what keeps one from undoing another."""
    joined = _MEANT_AS_COMMAND.sub(lambda _: "\\" + WORD_JOINER, text)
    return joined.replace("{", "\\{").replace("}", "\\}").replace("\n", "\\N")
