"""Captions that are over, told while the video still runs.

*Convention:* as in `boundaries`. What is told here is settled for all that is known a second later; only
`boundaries.derive_captions`, which sees the whole video, has the last word.
"""

from collections.abc import Iterator, Sequence

from clipmill.media.captions.boundaries import derive_captions
from clipmill.media.captions.pairs import Vector

SETTLED = 10
"""Frames behind an ending after which it hardly ever moves."""

Span = tuple[int, int]


class Endings:
    """Goes through the pairs of a video once, whatever their number."""

    def __init__(self) -> None:
        self._start = 0
        """Where captions are looked for from."""
        self._since: int | None = None
        """When the caption that is on screen there began."""

    @property
    def needed_from(self) -> int:
        """The first frame of the captions to come, as far as can be told."""
        return max(0, (self._start if self._since is None else self._since) - SETTLED)

    def told(self, forward: Sequence[Vector], backward: Sequence[Vector]) -> Iterator[Span]:
        """The captions that ended since the last call, from all pairs that are known by now."""
        horizon = len(forward) - SETTLED
        if horizon <= self._start:
            return
        on_screen = None
        for caption in derive_captions(forward[self._start :], backward[self._start :]):
            start, end = caption.start_frame + self._start, caption.end_frame + self._start
            if start == self._start and self._since is not None:
                start = self._since
            if end > horizon:
                on_screen = start if start < horizon else None
                break
            yield start, end
        self._start, self._since = horizon, on_screen
