"""Pictures that could not be decoded: how many stand-ins were shown, and when that is too many."""

from dataclasses import dataclass
from fractions import Fraction

from clipmill.engines.decode import Sighting
from clipmill.errors import CorruptMediaError
from clipmill.media.concealed import NOTHING, SHOWN, STAND_IN, Concealed

LONGEST_CONCEALMENT_S = 1
LARGEST_CONCEALED_SHARE = 0.05


@dataclass
class Concealment:
    """What was met on the way through a clip that shows ``rate`` pictures a second."""

    rate: Fraction
    met: Concealed = NOTHING

    @property
    def concealed(self) -> int:
        return self.met.concealed

    @property
    def drawn(self) -> int:
        return self.met.drawn

    def note(self, sight: Sighting) -> None:
        """Count one picture; refuse a clip of which too much is missing in a row."""
        self.met = self.met.then(STAND_IN if sight.stand_in else SHOWN)
        self._check_row(f"up to source time {float(sight.picture.time):g} s")

    def add(self, part: Concealed) -> None:
        """Count what was met in the part that comes next."""
        self.met = self.met.then(part)
        self._check_row("where two parts of it meet")

    def settle(self, frames: int | None = None) -> None:
        """Refuse a clip of which too much is missing; ``frames`` are its pictures where not all of them were drawn."""
        shown = self.drawn if frames is None else frames
        if self.concealed > LARGEST_CONCEALED_SHARE * shown:
            raise CorruptMediaError(
                f"{self.concealed} of {shown} pictures could not be decoded, more than "
                f"{LARGEST_CONCEALED_SHARE:.0%}; repair the file or trim the damaged part away",
            )

    def _check_row(self, where: str) -> None:
        if self.met.longest > LONGEST_CONCEALMENT_S * self.rate:
            raise CorruptMediaError(
                f"more than {LONGEST_CONCEALMENT_S} s of pictures in a row could not be decoded, {where}; "
                "repair the file or trim the damaged part away",
            )
