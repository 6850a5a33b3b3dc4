"""How many pictures of a run had to be stood in for, so that what runs met one after the other adds up to the whole."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Concealed:
    """What was met on the way through a run of pictures."""

    drawn: int = 0
    concealed: int = 0
    head: int = 0
    """Stand-ins before the first picture that is shown itself."""
    tail: int = 0
    """Stand-ins behind the last one."""
    longest: int = 0
    """The most stand-ins in a row."""

    def then(self, later: "Concealed") -> "Concealed":
        """What was met in both runs, one behind the other.

        >>> STAND_IN.then(SHOWN).then(STAND_IN).then(STAND_IN)
        Concealed(drawn=4, concealed=3, head=1, tail=2, longest=2)
        """
        return Concealed(
            drawn=self.drawn + later.drawn,
            concealed=self.concealed + later.concealed,
            head=self.head + (later.head if self.head == self.drawn else 0),
            tail=later.tail + (self.tail if later.tail == later.drawn else 0),
            longest=max(self.longest, later.longest, self.tail + later.head),
        )


NOTHING = Concealed()
SHOWN = Concealed(drawn=1)
STAND_IN = Concealed(drawn=1, concealed=1, head=1, tail=1, longest=1)
