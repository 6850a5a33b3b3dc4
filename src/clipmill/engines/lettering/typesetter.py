"""Lines of one weight and size: how wide they are, and their ink on a mask.

Letters are anti-aliased by FreeType and stand at fractions of a pixel.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clipmill.engines.lettering.fonts import CHAINS, Face, font, is_invisible, shapes
from clipmill.engines.lettering.runs import Run, runs
from clipmill.media.layers import Weight

if TYPE_CHECKING:
    from PIL import Image, ImageFont


@dataclass(frozen=True, slots=True)
class Typesetter:
    """``size`` is the em square in pixels."""

    weight: Weight
    size: float

    @property
    def ascent(self) -> int:
        """From the top of a line to its base line, in pixels."""
        return self._font(CHAINS[self.weight][0]).getmetrics()[0]

    @property
    def line_height(self) -> int:
        return sum(self._font(CHAINS[self.weight][0]).getmetrics())

    def width(self, line: str) -> float:
        """How far a line reaches, in pixels."""
        return sum(self._run_width(run) for run in runs(line, self.weight))

    def write(self, mask: "Image.Image", line: str, at: tuple[float, float], stroke: float = 0) -> None:
        """Draw a line on a mask of 8 bits from its left upper corner, thickened by ``stroke`` pixels on every side."""
        from PIL import ImageDraw

        pen, baseline = at[0], at[1] + self.ascent
        drawing = ImageDraw.Draw(mask)
        for run in runs(line, self.weight):
            drawing.text(
                (pen, baseline),
                _laid_out(run),
                fill=255,
                font=self._font(run.face),
                anchor="ls",
                stroke_width=stroke,
                **_direction(run),
            )
            pen += self._run_width(run)

    def _run_width(self, run: Run) -> float:
        return self._font(run.face).getlength(_laid_out(run), **_direction(run))

    def _font(self, face: Face) -> "ImageFont.FreeTypeFont":
        return font(face, self.size)


def _laid_out(run: Run) -> str:
    # The plain layout would draw a box for a sign that only steers.
    return run.text if shapes() else "".join(sign for sign in run.text if not is_invisible(sign))


def _direction(run: Run) -> dict[str, Any]:
    return {"direction": "rtl" if run.leftward else "ltr"} if shapes() else {}
