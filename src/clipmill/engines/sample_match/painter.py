"""The pictures of the sample match: a still ground with light grain, and what moves laid over it.

Convention: planes are 8-bit 4:2:0, BT.709 limited range; times are seconds from the start.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from clipmill.engines.sample_match.figures import RUN_STEPS, Body, Gait, Kit, Pose, draw_figure, drawn_height
from clipmill.engines.sample_match.pitch import Values, View, draw_pitch
from clipmill.engines.sample_match.sprites import (
    Colour,
    Parity,
    Planes,
    Sprite,
    ball,
    halved,
    paste,
    shadow,
    sprite_of,
    to_planes,
)
from clipmill.engines.sample_match.stands import LOUD_POSES, QUIET_POSES, draw_boards, draw_scoreboard, draw_stands
from clipmill.engines.sample_match.story import BALL_RADIUS, FIGURE_HEIGHT, PLAYERS, Ground, Mood, Player, Story, Team

WALKING, RUNNING, TURNING = 0.9, 3.0, 0.6
"""Metres a second from which a figure walks, runs, and looks where it goes."""
RUNNING_STRIDE, WALKING_STRIDE = 2.9, 1.9
"""Metres for two steps."""
GRAINS = 5
GRAIN_LEVELS = 1.1
STANDS_RATE = 5.0
SHADOW_PERCENT = 46

Bytes = NDArray[np.uint8]

_KITS = {
    Team.FOXES: Kit((226, 82, 26), (246, 244, 238), (226, 82, 26)),
    Team.OWLS: Kit((44, 84, 196), (30, 44, 104), (240, 242, 248)),
}
_KEEPER_KITS = {
    Team.FOXES: Kit((238, 206, 60), (50, 48, 44), (238, 206, 60)),
    Team.OWLS: Kit((178, 84, 196), (70, 36, 84), (178, 84, 196)),
}
_REFEREE_KIT = Kit((30, 30, 34), (30, 30, 34), (60, 60, 66))
_SKINS: tuple[Colour, ...] = ((236, 190, 158), (196, 142, 104), (120, 80, 56), (224, 172, 134))
_HAIR: tuple[Colour, ...] = ((52, 38, 28), (28, 24, 24), (24, 20, 20), (150, 108, 56))


@dataclass(slots=True)
class _Runner:
    """What a figure carries from frame to frame."""

    body: Body
    spot: Ground | None = None
    step: float = 0.0
    right: bool = True


class MatchPainter:
    """Paints the frames of one match, in order."""

    def __init__(self, story: Story, view: View, seed: int) -> None:
        self._story, self._view, self._seed = story, view, seed
        self._grounds = _grounds(view, seed)
        # Few poses are seen in a short film, and none of a goal where there is no goal.
        self._stands = cache(self._drawn_stands)
        self._runners = {player: _Runner(_body(player)) for player in PLAYERS}
        self._referee = _Runner(Body(_REFEREE_KIT, _SKINS[0], _HAIR[0]))
        self._chance = np.random.default_rng((seed, 5))
        self._pose, self._pose_slot = 0, -1
        self._time = 0.0
        self._drawing, self._shadow, self._ball = cache(draw_figure), cache(shadow), cache(ball)
        self._figure, self._scoreboard = cache(self._drawn_figure), cache(self._drawn_scoreboard)

    def paint(self, planes: Planes, time: float, clock: str, score: tuple[int, int]) -> None:
        """Fill the planes with the picture at a time."""
        ground = self._grounds[int(self._chance.integers(GRAINS))]
        for plane, still, stand in zip(planes, ground, self._stands(self._stand_pose(time)), strict=True):
            plane[stand.shape[0] :] = still[stand.shape[0] :]
            plane[: stand.shape[0]] = stand
        self._paint_actors(planes, time)
        self._time = time
        left, top = (round(edge * self._view.unit) // 2 * 2 for edge in (36, 28))
        for index, (plane, board) in enumerate(zip(planes, self._scoreboard(clock, score), strict=True)):
            y, x = top >> (index > 0), left >> (index > 0)
            plane[y : y + board.shape[0], x : x + board.shape[1]] = board[: plane.shape[0] - y, : plane.shape[1] - x]

    def _drawn_stands(self, pose: int) -> tuple[Bytes, Bytes, Bytes]:
        return _bytes_of(draw_stands(self._view, self._seed, pose))

    def _stand_pose(self, time: float) -> int:
        slot = int(time * STANDS_RATE)
        if slot != self._pose_slot:
            self._pose_slot = slot
            first, count = (QUIET_POSES, LOUD_POSES) if self._story.roar_at(time) else (0, QUIET_POSES)
            self._pose = first + int(self._chance.integers(count))
        return self._pose

    def _paint_actors(self, planes: Planes, time: float) -> None:
        x, y, z = self._story.ball_at(time)
        moved = [
            (self._runners[player], spot, self._story.mood_at(time, player))
            for player, spot in self._story.players_at(time).items()
        ]
        actors = [*moved, (self._referee, self._story.referee_at(time), Mood.PLAYS)]
        for _, spot, _ in actors:
            self._paint_shadow(planes, spot, FIGURE_HEIGHT * 0.66, SHADOW_PERCENT)
        self._paint_shadow(planes, (x, y), BALL_RADIUS * 2.6, max(14, round(SHADOW_PERCENT - 5 * z)))
        # Far ones first: who stands nearer covers them.
        for runner, spot, mood in sorted(actors, key=lambda actor: -actor[1][1]):
            if spot[1] < y:
                break
            self._paint_figure(planes, time, (runner, spot, mood), x)
        self._paint_ball(planes, (x, y, z))
        for runner, spot, mood in sorted(actors, key=lambda actor: -actor[1][1]):
            if spot[1] < y:
                self._paint_figure(planes, time, (runner, spot, mood), x)

    def _paint_shadow(self, planes: Planes, spot: Ground, metres: float, percent: int) -> None:
        x, y = (math.floor(place) for place in self._view.screen(*spot))
        width = max(4, round(metres * self._view.scale(spot[1]) * self._view.unit))
        paste(planes, self._shadow(width, percent, (x % 2, y % 2)), x, y)

    def _paint_figure(self, planes: Planes, time: float, actor: tuple[_Runner, Ground, Mood], ball_x: float) -> None:
        runner, spot, mood = actor
        pose = _advanced(runner, spot, time - self._time, mood, ball_x)
        x, y = (round(place) for place in self._view.screen(*spot))
        height = drawn_height(FIGURE_HEIGHT * self._view.scale(spot[1]) * self._view.unit)
        if mood is Mood.CHEERS and pose.gait is Gait.CHEER:
            y -= round(0.12 * height * abs(math.sin(7 * time + runner.body.skin[2])))
        paste(planes, self._figure(runner.body, pose, height, (x % 2, y % 2)), x, y)

    def _paint_ball(self, planes: Planes, spot: tuple[float, float, float]) -> None:
        x, y = self._view.screen(spot[0], spot[1], spot[2] + BALL_RADIUS)
        radius = max(6, round(4 * BALL_RADIUS * self._view.scale(spot[1]) * self._view.unit))
        left, top = math.floor(x), math.floor(y)
        quarters = int((x - left) * 4), int((y - top) * 4)
        turn = int(spot[0] * 3) % 8
        paste(planes, self._ball(radius, turn, quarters, (left % 2, top % 2)), left, top)

    def _drawn_figure(self, body: Body, pose: Pose, height: int, parity: Parity) -> Sprite:
        return sprite_of(self._drawing(body, pose, height), parity)

    def _drawn_scoreboard(self, clock: str, score: tuple[int, int]) -> tuple[Bytes, Bytes, Bytes]:
        return _bytes_of(draw_scoreboard(self._view, clock, score))


def _advanced(runner: _Runner, spot: Ground, seconds: float, mood: Mood, ball_x: float) -> Pose:
    """The pose of a figure that has come to a spot in the time since the frame before."""
    last = runner.spot or spot
    runner.spot = spot
    dx, moved = spot[0] - last[0], math.dist(spot, last)
    speed = moved / seconds if seconds > 0 else 0.0
    gait = Gait.RUN if speed > RUNNING else Gait.JOG if speed > WALKING else Gait.STAND
    if abs(dx) > TURNING * seconds:
        runner.right = dx > 0
    elif gait is Gait.STAND:
        runner.right = ball_x > spot[0]
    runner.step += moved / (RUNNING_STRIDE if gait is Gait.RUN else WALKING_STRIDE) * RUN_STEPS
    if mood is Mood.DIVES:
        return Pose(Gait.DIVE, 2, right=ball_x > spot[0] - 0.5)
    if mood is Mood.CHEERS and gait is not Gait.RUN:
        return Pose(Gait.CHEER, int(runner.step) % RUN_STEPS, runner.right)
    return Pose(gait, int(runner.step) % RUN_STEPS if gait is not Gait.STAND else 0, runner.right)


def _body(player: Player) -> Body:
    kit = (_KEEPER_KITS if player.place == 0 else _KITS)[player.team]
    look = (player.place * 3 + player.team.value) % len(_SKINS)
    return Body(kit, _SKINS[look], _HAIR[look])


def _grounds(view: View, seed: int) -> list[tuple[Bytes, Bytes, Bytes]]:
    """What never moves, in as many grains."""
    chance = np.random.default_rng((seed, 6))
    picture = np.zeros((view.size.height, view.size.width, 3), np.float32)
    draw_pitch(picture, view, chance)
    draw_boards(picture, view)
    luma, *chroma = to_planes(np.clip(picture, 0, 255))
    blue, red = (_rounded(halved(plane)) for plane in chroma)
    grains = (chance.normal(0, GRAIN_LEVELS, luma.shape).astype(np.float32) for _ in range(GRAINS))
    return [(_rounded(luma + grain), blue, red) for grain in grains]


def _bytes_of(picture: Values) -> tuple[Bytes, Bytes, Bytes]:
    even = picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]
    luma, *chroma = to_planes(np.clip(even, 0, 255))
    return _rounded(luma), _rounded(halved(chroma[0])), _rounded(halved(chroma[1]))


def _rounded(plane: Values) -> Bytes:
    return np.rint(np.clip(plane, 16, 240)).astype(np.uint8)
