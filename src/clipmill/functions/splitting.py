"""The functions whose output can be rendered in parts, and what a call of one in parts is made of.

Convention: stretches are counted from 0 over the encoded stretches of an output (`media.parts`), ends are exclusive.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Protocol

from pydantic import BaseModel

from clipmill.engines.made_stretches import MadeStretches
from clipmill.engines.render import OnFrame
from clipmill.errors import InvalidRequestError
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.results import Result
from clipmill.function.wire import Seconds, Text, WireModel, between
from clipmill.functions.apply_upscale import apply_upscale, upscale_work
from clipmill.functions.framing import process_framing
from clipmill.functions.overlay import overlay_work, render_overlay
from clipmill.functions.rendering import clip_work
from clipmill.media.concealed import Concealed
from clipmill.media.parts import STRETCH_S, Run

SHORTEST_STRETCH_S, LONGEST_STRETCH_S = Fraction(1, 10), 3600


class Work(Protocol):
    """A planned output that is written whole, or part by part and then joined."""

    @property
    def weights(self) -> Sequence[int]:
        """About how many frames each encoded stretch has."""
        ...

    @property
    def output_key(self) -> str: ...

    @property
    def encoder(self) -> str: ...

    @property
    def inputs(self) -> Sequence[str]:
        """The keys of all objects that the pictures depend on."""
        ...

    @property
    def canonical(self) -> Mapping[str, Any]:
        """Everything else that the pictures depend on."""
        ...

    def written(self, context: Context, made: MadeStretches | None = None) -> Result:
        """Write and publish the output; stretches that were ``made`` before are copied."""
        ...

    def write_part(self, run: Run, path: Path, on_frame: OnFrame) -> Concealed:
        """Write the pictures of some stretches."""
        ...


@dataclass(frozen=True, slots=True)
class Splittable:
    """A function that can be rendered in parts, and how it plans its work."""

    function: Function[Any]
    work: Callable[[Any, Context, Fraction], Work]


SPLITTABLE: Mapping[str, Splittable] = {
    process_framing.name: Splittable(process_framing, clip_work),
    render_overlay.name: Splittable(render_overlay, overlay_work),
    apply_upscale.name: Splittable(apply_upscale, upscale_work),
}


class SplitRequest(WireModel):
    """A call of a function that can be rendered in parts."""

    function: Text
    request: dict[str, Any]
    stretch_s: Annotated[Seconds, between(SHORTEST_STRETCH_S, LONGEST_STRETCH_S)] = STRETCH_S

    def work(self, context: Context) -> Work:
        """The planned output."""
        splittable = self.splittable
        return splittable.work(splittable.function.parse(self.request), context, self.stretch_s)

    @property
    def splittable(self) -> Splittable:
        """The function; an error names those that can be split."""
        if self.function not in SPLITTABLE:
            raise InvalidRequestError(
                f"function: {self.function[:60]!r} cannot be rendered in parts, only {', '.join(SPLITTABLE)} can; "
                "run it whole",
                details={"field": "function"},
            )
        return SPLITTABLE[self.function]


class PartMet(BaseModel):
    """A rendered part: its stretches, its frames, and how many of them stand in for pictures that could not be decoded."""

    first: int
    last: int
    frames: int
    concealed: int = 0
    concealed_head: int = 0
    concealed_tail: int = 0
    concealed_in_a_row: int = 0

    @classmethod
    def of(cls, run: Run, met: Concealed) -> "PartMet":
        return cls(
            first=run.first,
            last=run.last,
            frames=met.drawn,
            concealed=met.concealed,
            concealed_head=met.head,
            concealed_tail=met.tail,
            concealed_in_a_row=met.longest,
        )

    @property
    def met(self) -> Concealed:
        return Concealed(self.frames, self.concealed, self.concealed_head, self.concealed_tail, self.concealed_in_a_row)
