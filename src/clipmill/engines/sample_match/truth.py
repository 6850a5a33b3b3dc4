"""What happens in the sample match, when and where on the picture: known without drawing it.

Convention: times are seconds from the start; positions are pixels of the picture.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from clipmill.engines.sample_match.pitch import View
from clipmill.engines.sample_match.story import (
    BALL_RADIUS,
    FIGURE_HEIGHT,
    GOAL,
    KICK_OFF,
    SAVE,
    SCORER,
    SHOT_SAVED,
    SHOT_SCORED,
    Player,
    Story,
    happenings,
    kicks,
)
from clipmill.errors import InvalidSizeError
from clipmill.media.geometry import Box, Size
from clipmill.media.time import round_half_up

SMALLEST_SIDE = 64
WHISTLE_AFTER_GOAL = Fraction(4, 5)


@dataclass(frozen=True, slots=True)
class Moment:
    """A part of the match worth showing."""

    start: Fraction
    end: Fraction
    title: str


_MOMENTS = (
    Moment(Fraction(1, 2), Fraction(5), "Kick-off"),
    Moment(Fraction(13, 2), Fraction(11), "Great save"),
    Moment(Fraction(29, 2), Fraction(20), "Goal!"),
)


@dataclass(frozen=True)
class MatchTruth:
    """What happens in a match, and where; known without drawing it."""

    seconds: Fraction
    size: Size
    rate: Fraction
    seed: int

    @property
    def frames(self) -> int:
        return max(1, round_half_up(self.seconds * self.rate))

    @property
    def kick_offs(self) -> tuple[Fraction, ...]:
        return happenings([KICK_OFF], self.seconds)

    @property
    def shots(self) -> tuple[Fraction, ...]:
        return happenings([SHOT_SAVED, SHOT_SCORED], self.seconds)

    @property
    def saves(self) -> tuple[Fraction, ...]:
        return happenings([SAVE], self.seconds)

    @property
    def goals(self) -> tuple[Fraction, ...]:
        return happenings([GOAL], self.seconds)

    @property
    def kicks(self) -> tuple[Fraction, ...]:
        """Every time a foot meets the ball."""
        return happenings(kicks(), self.seconds)

    @property
    def whistles(self) -> tuple[Fraction, ...]:
        """When the referee begins to blow."""
        return happenings([KICK_OFF, GOAL + WHISTLE_AFTER_GOAL], self.seconds)

    @property
    def moments(self) -> tuple[Moment, ...]:
        """The highlights that the match holds whole."""
        found = (
            Moment(start, start + moment.end - moment.start, moment.title)
            for moment in _MOMENTS
            for start in happenings([moment.start], self.seconds)
        )
        return tuple(sorted((each for each in found if each.end <= self.seconds), key=lambda each: each.start))

    def ball_at(self, time: Fraction) -> tuple[float, float]:
        """Where the ball's centre shows."""
        x, y, z = self._story.ball_at(float(time))
        return self._view.screen(x, y, z + BALL_RADIUS)

    def player_box(self, time: Fraction, player: Player = SCORER) -> Box:
        """A box around a player from head to feet."""
        spot = self._story.players_at(float(time), [player])[player]
        x, y = self._view.screen(*spot)
        height = FIGURE_HEIGHT * self._view.scale(spot[1]) * self._view.unit
        return Box(x - 0.3 * height, y - 1.02 * height, 0.6 * height, 1.08 * height)

    def score_at(self, time: Fraction) -> tuple[int, int]:
        """Goals of the Foxes and the Owls; the teams take turns."""
        scored = sum(goal <= time for goal in self.goals)
        return (scored + 1) // 2, scored // 2

    def clock_at(self, time: Fraction) -> str:
        """What the scoreboard's clock shows."""
        minutes, seconds = divmod(max(0, int(time - KICK_OFF)), 60)
        return f"{minutes:02}:{seconds:02}"

    @cached_property
    def _story(self) -> Story:
        return Story(self.seed)

    @cached_property
    def _view(self) -> View:
        return View(self.size)


def match_truth(
    seconds: Fraction | int = 24, size: tuple[int, int] = (1280, 720), rate: Fraction | int = 30, seed: int = 7
) -> MatchTruth:
    """The truth of the match that `draw_match` draws for the same arguments.

    >>> [str(goal) for goal in match_truth().goals]
    ['35/2']
    """
    if min(size) < SMALLEST_SIDE or any(side % 2 for side in size):
        raise InvalidSizeError(f"size: expected even sides of {SMALLEST_SIDE} pixels or more, got {size[0]}x{size[1]}.")
    return MatchTruth(Fraction(seconds), Size(*size), Fraction(rate), seed)
