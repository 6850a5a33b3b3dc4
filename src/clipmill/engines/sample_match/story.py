"""The sample match as a story: who runs where, where the ball is, when things happen. Pure numbers, no drawing.

Convention: metres on a pitch of 60 x 40, X along the near touchline from the left, Y from it into the depth, Z up; seconds
from the start. The story takes 30 seconds and repeats; every other time the teams swap parts.
"""

import math
import random
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from itertools import pairwise

LENGTH, WIDTH = 60.0, 40.0
GOAL_LINE_HALF, GOAL_HEIGHT, GOAL_DEPTH = 3.2, 2.6, 2.0
FIGURE_HEIGHT, BALL_RADIUS = 2.7, 0.3
"""Half again as tall as people are, and a ball to match: to be seen on a phone."""
CYCLE = Fraction(30)
KICK_OFF = Fraction(1)
SHOT_SAVED, SAVE = Fraction(91, 10), Fraction(97, 10)
SHOT_SCORED, GOAL = Fraction(17), Fraction(175, 10)

Ground = tuple[float, float]
Spot = tuple[float, float, float]


class Team(Enum):
    FOXES = 0
    OWLS = 1


class Mood(Enum):
    """What a player does besides running."""

    PLAYS = 0
    DIVES = 1
    CHEERS = 2


@dataclass(frozen=True, slots=True)
class Player:
    """A player by team and place: 0 keeps the goal, 6 plays in front."""

    team: Team
    place: int


PLAYERS = tuple(Player(team, place) for team in Team for place in range(7))
SCORER = Player(Team.FOXES, 6)

_KEEPER = Player(Team.OWLS, 0)
_FORMATION: tuple[Ground, ...] = (
    (3.0, 20.0),
    (15.0, 11.0),
    (15.0, 29.0),
    (27.0, 7.0),
    (24.0, 20.0),
    (27.0, 33.0),
    (38.0, 20.0),
)
_KICK_OFF_SPOT: Ground = (29.3, 20.1)
_PARTY: Ground = (52.0, 9.0)
# Where the play is, as a part of the pitch's length, at times of the story.
_FOCUS = ((0.0, 0.5), (2.0, 0.46), (5.0, 0.62), (8.0, 0.84), (10.0, 0.85), (11.4, 0.72), (13.0, 0.5), (14.3, 0.46), (16.4, 0.78),
          (17.6, 0.88), (22.0, 0.8), (29.0, 0.5))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Touch:
    """From ``received`` to ``released`` a player has the ball, then it flies up to ``lift`` metres high to the next touch."""

    received: Fraction
    released: Fraction
    player: Player
    lift: float = 0.0


def _touch(received: str, released: str, team: Team, place: int, lift: float = 0.0) -> Touch:
    return Touch(Fraction(received), Fraction(released), Player(team, place), lift)


_TOUCHES = (
    _touch("0", "1", Team.FOXES, 6),
    _touch("1.9", "2.6", Team.FOXES, 4, 3.0),
    _touch("3.8", "5.2", Team.FOXES, 5),
    _touch("6", "6.4", Team.FOXES, 4),
    _touch("7.3", "8", Team.FOXES, 3, 3.4),
    _touch("9.1", "9.1", Team.FOXES, 6, 1.0),
    _touch("9.7", "11.4", Team.OWLS, 0, 7.0),
    _touch("13", "13.7", Team.OWLS, 4),
    _touch("14.5", "15.2", Team.FOXES, 4),
    _touch("16.1", "17", Team.FOXES, 6, 0.5),
)
_NET: Spot = (61.2, 21.6, 0.9)
_NET_FLOOR: Spot = (60.9, 21.4, 0.0)
_CENTRE: Spot = (30.1, 20.05, 0.0)


def smooth(t: float, start: float, end: float) -> float:
    """0 before ``start``, 1 after ``end``, a soft rise between."""
    u = min(max((t - start) / (end - start), 0.0), 1.0)
    return u * u * (3 - 2 * u)


def mixed(a: Ground, b: Ground, weight: float) -> Ground:
    """A point between two: 0 is the first, 1 the second."""
    return a[0] + (b[0] - a[0]) * weight, a[1] + (b[1] - a[1]) * weight


def _focus(t: float) -> float:
    for (start, before), (end, after) in pairwise(_FOCUS):
        if t < end:
            return before + (after - before) * smooth(t, start, end)
    return _FOCUS[-1][1]


class Story:
    """One match, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - a drawn match needs no secret
        self._wander = {player: [chance.uniform(0, 2 * math.pi) for _ in range(4)] for player in PLAYERS}

    def players_at(self, time: float, players: Iterable[Player] = PLAYERS) -> dict[Player, Ground]:
        """Where players stand."""
        t, mirrored = self._cast(time)
        ball = self._mean_ball(t)
        parts = {player: _other(player) if mirrored else player for player in players}
        spots = {player: self._running(t, part, ball) for player, part in parts.items()}
        return {player: _turned(spot) if mirrored else spot for player, spot in spots.items()}

    def mood_at(self, time: float, player: Player) -> Mood:
        """What a player does besides running."""
        t, mirrored = self._cast(time)
        part = _other(player) if mirrored else player
        if part == _KEEPER and (
            float(SHOT_SAVED) + 0.2 < t < float(SAVE) + 0.5 or float(SHOT_SCORED) + 0.15 < t < float(GOAL) + 0.9
        ):
            return Mood.DIVES
        return Mood.CHEERS if self._cheer(t, part) > 0.02 and t < 23 else Mood.PLAYS

    def roar_at(self, time: float) -> bool:
        """Whether the stands are on their feet."""
        t, _ = self._cast(time)
        return float(GOAL) < t < float(GOAL) + 4 or float(SAVE) < t < float(SAVE) + 1

    def ball_at(self, time: float) -> Spot:
        """Where the ball's centre is above the ground; Z is 0 where it lies."""
        t, mirrored = self._cast(time)
        x, y, z = self._ball(t)
        return *(_turned((x, y)) if mirrored else (x, y)), z

    def referee_at(self, time: float) -> Ground:
        """Where the referee stands."""
        t, mirrored = self._cast(time)
        in_play = smooth(t, 1, 3) * (1 - smooth(t, 27, 29.9))
        x = LENGTH / 2 + (_focus(t) - 0.5) * LENGTH * 0.62 + in_play * (math.sin(t * 0.6) - 3)
        return (LENGTH - x if mirrored else x), 26.5 + 1.5 * in_play * math.sin(t * 0.45)

    @staticmethod
    def _cast(time: float) -> tuple[float, bool]:
        """The time within the story, and whether the teams have swapped parts."""
        cycle, t = divmod(time, float(CYCLE))
        return t, bool(int(cycle) % 2)

    def _running(self, t: float, player: Player, ball: Ground) -> Ground:
        """``ball`` is where it is about now; those who are to play it run by the script alone."""
        spot = self._in_play(t, player)
        if player not in _SCRIPTED:
            spot = _pressing(ball, spot)
        spot = self._diving(t, player, spot)
        spot = mixed(spot, _party_spot(player), self._cheer(t, player))
        if t < float(GOAL):
            return mixed(_kick_off_spot(player), spot, smooth(t, 0.9, 3.6))
        # The next kick-off is that of the other side.
        return mixed(spot, _turned(_kick_off_spot(_other(player))), smooth(t, 23, 29.5))

    def _in_play(self, t: float, player: Player) -> Ground:
        x, y = _base(player)
        keeps = player.place == 0
        x += (_focus(t) - 0.5) * LENGTH * (0.06 if keeps else 0.56)
        phase = self._wander[player]
        reach = 0.5 if keeps else 1.7
        x += reach * (math.sin(0.71 * t + phase[0]) + 0.5 * math.sin(1.37 * t + phase[1]))
        y += reach * (math.sin(0.59 * t + phase[2]) + 0.5 * math.sin(1.21 * t + phase[3]))
        return min(max(x, 1.5), LENGTH - 1.5), min(max(y, 1.5), WIDTH - 1.5)

    def _mean_ball(self, t: float) -> Ground:
        """Where the ball is about a time: nobody follows a shot's every turn."""
        near = [self._ball(min(max(t + step * 0.3, 0.0), 29.9)) for step in range(-3, 4)]
        return sum(spot[0] for spot in near) / len(near), sum(spot[1] for spot in near) / len(near)

    @staticmethod
    def _diving(t: float, player: Player, spot: Ground) -> Ground:
        if player != _KEEPER:
            return spot
        spot = mixed(spot, (58.6, 18.3), smooth(t, 8.6, 9.65) * (1 - smooth(t, 12, 13.5)))
        return mixed(spot, (58.9, 19.2), smooth(t, 16.4, 17.3) * (1 - smooth(t, 19, 20.5)))

    @staticmethod
    def _cheer(t: float, player: Player) -> float:
        if player.team is not Team.FOXES or player.place == 0:
            return 0.0
        if player == SCORER:
            return smooth(t, 17.7, 20.2)
        # The backs come half of the way.
        late = 17.8 + 0.12 * player.place
        return smooth(t, late, late + 4.4) * (0.5 if player.place < 3 else 1.0)

    def _ball(self, t: float) -> Spot:
        if t >= SHOT_SCORED:
            return self._after_the_shot(t)
        for touch, following in pairwise(_TOUCHES):
            if t < touch.released:
                return self._at_feet(t, touch)
            if t < following.received:
                return self._flight(t, touch, following)
        return self._at_feet(t, _TOUCHES[-1])

    def _at_feet(self, t: float, touch: Touch) -> Spot:
        x, y = self._foot(t, touch.player)
        if touch.player.place == 0:
            caught = smooth(t, float(touch.received), float(touch.received) + 0.4) * (1 - smooth(t, 11.1, 11.4))
            return x, y, 1.0 * caught
        held = float(touch.released - touch.received)
        u = (t - float(touch.received)) / held if held else 0.0
        ahead = 0.45 * abs(math.sin(2 * math.pi * u * max(1, round(held * 1.4)) / 2))
        return x + ahead * _direction(touch.player), y, 0.0

    def _flight(self, t: float, touch: Touch, following: Touch) -> Spot:
        start, end = float(touch.released), float(following.received)
        origin, target = self._foot(start, touch.player), self._foot(end, following.player)
        u = (t - start) / (end - start)
        # A ball on the ground slows down, one in the air hardly does.
        travelled = u if touch.lift else 1 - (1 - u) ** 1.35
        return *mixed(origin, target, travelled), 4 * touch.lift * u * (1 - u)

    def _after_the_shot(self, t: float) -> Spot:
        struck = self._foot(float(SHOT_SCORED), SCORER)
        legs: Iterable[tuple[float, float, Spot, Spot, float]] = (
            (float(SHOT_SCORED), float(GOAL), (*struck, 0.0), _NET, 0.5),
            (float(GOAL), 18.1, _NET, _NET_FLOOR, 0.0),
            (18.1, 24.5, _NET_FLOOR, _NET_FLOOR, 0.0),
            (24.5, 27.0, _NET_FLOOR, _CENTRE, 5.0),
        )
        for start, end, origin, target, lift in legs:
            if t < end:
                u = (t - start) / (end - start)
                x, y = mixed(origin[:2], target[:2], u)
                return x, y, origin[2] + (target[2] - origin[2]) * u * u + 4 * lift * u * (1 - u)
        return _CENTRE

    def _foot(self, t: float, player: Player) -> Ground:
        x, y = self._running(t, player, _CENTRE[:2])
        return x + 0.6 * _direction(player), y - 0.15


_SCRIPTED = {touch.player for touch in _TOUCHES}


def _pressing(ball: Ground, spot: Ground) -> Ground:
    """Drawn towards the ball where it comes near, never onto it."""
    distance = math.dist(ball, spot)
    pull = 0.55 * math.exp(-((distance / 8) ** 2)) * max(0.0, 1 - 1.6 / max(distance, 0.1))
    return mixed(spot, ball, pull)


def _turned(spot: Ground) -> Ground:
    """The same place for who plays the other way."""
    return LENGTH - spot[0], WIDTH - spot[1]


def _other(player: Player) -> Player:
    return Player(Team.OWLS if player.team is Team.FOXES else Team.FOXES, player.place)


def _direction(player: Player) -> int:
    return 1 if player.team is Team.FOXES else -1


def _base(player: Player) -> Ground:
    x, y = _FORMATION[player.place]
    return (x, y) if player.team is Team.FOXES else _turned((x, y))


def _kick_off_spot(player: Player) -> Ground:
    if player == SCORER:
        return _KICK_OFF_SPOT
    x, y = _base(player)
    return (min(x, 27.0), y) if player.team is Team.FOXES else (max(x, 33.0), y + (7.0 if player.place == 6 else 0.0))


def _party_spot(player: Player) -> Ground:
    angle = player.place * 1.1
    reach = 0.0 if player == SCORER else 2.6
    return _PARTY[0] + reach * math.cos(angle), _PARTY[1] + reach * math.sin(angle)


def happenings(times: Iterable[Fraction], seconds: Fraction) -> tuple[Fraction, ...]:
    """When moments of the story happen in a match of some length, in order."""
    within = sorted(times)
    repeats = range(math.ceil(seconds / CYCLE))
    return tuple(start * CYCLE + time for start in repeats for time in within if start * CYCLE + time < seconds)


def kicks() -> tuple[Fraction, ...]:
    """When, within the story, a foot meets the ball."""
    return tuple(touch.released for touch in _TOUCHES)
