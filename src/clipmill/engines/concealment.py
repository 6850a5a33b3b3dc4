"""Pictures that could not be decoded: how many stand-ins were shown, and when that is too many."""

from dataclasses import dataclass
from fractions import Fraction

from clipmill.engines.decode import Sighting
from clipmill.errors import CorruptMediaError

LONGEST_CONCEALMENT_S = 1
LARGEST_CONCEALED_SHARE = 0.05


@dataclass
class Concealment:
    """What was met on the way through a clip that shows ``rate`` pictures a second."""

    rate: Fraction
    concealed: int = 0
    drawn: int = 0
    in_a_row: int = 0

    def note(self, sight: Sighting) -> None:
        """Count one picture; refuse a clip of which too much is missing in a row."""
        self.drawn += 1
        self.in_a_row = self.in_a_row + 1 if sight.stand_in else 0
        self.concealed += sight.stand_in
        if self.in_a_row > LONGEST_CONCEALMENT_S * self.rate:
            raise CorruptMediaError(
                f"more than {LONGEST_CONCEALMENT_S} s of pictures in a row could not be decoded, up to source time "
                f"{float(sight.picture.time):g} s; repair the file or trim the damaged part away",
            )

    def settle(self) -> None:
        """Refuse a clip of which too much is missing."""
        if self.concealed > LARGEST_CONCEALED_SHARE * self.drawn:
            raise CorruptMediaError(
                f"{self.concealed} of {self.drawn} pictures could not be decoded, more than "
                f"{LARGEST_CONCEALED_SHARE:.0%}; repair the file or trim the damaged part away",
            )
