"""The banner over an annotated clip: what it says, and where its parts stand.

*Convention:* whole pixels of the displayed frame, origin top-left. Lengths scale with the frame's height, on low frames
no further than to a half; each is rounded once.
"""

from dataclasses import dataclass
from fractions import Fraction

from clipmill.media.geometry import Rectangle, Size
from clipmill.media.time import round_half_up

SMALLEST_SCALE = Fraction(1, 2)
REFERENCE_HEIGHT = 1080
MOST_NOTES = 100
"""Characters of the notes that are shown."""


@dataclass(frozen=True, slots=True)
class Banner:
    """The words of a banner and the colour of its rating."""

    notation: str
    color: str
    name: str
    notes: str = ""

    @property
    def title(self) -> str:
        """The rating's sign and the clip's name.

        >>> Banner("!!", "#66BB6A", "Volley").title
        '!!  Volley'
        """
        return f"{self.notation}  {_one_line(self.name)}"

    @property
    def remark(self) -> str:
        """The notes as far as they are shown, on one line; empty if there are none."""
        return _one_line(self.notes)[:MOST_NOTES].rstrip()


def _one_line(text: str) -> str:
    return " ".join(text.splitlines()).strip()


@dataclass(frozen=True, slots=True)
class BannerPlan:
    """Where the parts of a banner stand on a frame."""

    box: Rectangle
    border: Rectangle
    title_top: int
    title_size: int
    remark_top: int
    remark_size: int
    line_width: int
    """The widest line that fits; a wider one is cut."""


def banner_plan(frame: Size, *, has_remark: bool) -> BannerPlan:
    """The banner's geometry on a frame.

    >>> banner_plan(Size(1920, 1080), has_remark=True).box
    Rectangle(left=192, top=10, width=1536, height=80)
    """
    scale = max(Fraction(frame.height, REFERENCE_HEIGHT), SMALLEST_SCALE)
    box = Rectangle(
        round_half_up(Fraction(frame.width, 10)),
        round_half_up(10 * scale),
        round_half_up(Fraction(frame.width * 8, 10)),
        round_half_up((80 if has_remark else 50) * scale),
    )
    return BannerPlan(
        box=box,
        border=box.grown(round_half_up(4 * scale)),
        title_top=round_half_up(20 * scale),
        title_size=round_half_up(24 * scale),
        remark_top=round_half_up(50 * scale),
        remark_size=round_half_up(16 * scale),
        line_width=max(0, box.width - 2 * round_half_up(10 * scale)),
    )
