"""The reel of the drawn match: each moment of it in a crop that follows the ball, the goal in slow motion."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from clipmill.cli.samples.documents import OUTPUT, clip, document
from clipmill.engines.sample_match import MatchTruth, Moment
from clipmill.media.geometry import Box, clamp_box, largest_box

KEY_EVERY = Fraction(1, 2)
LOOK = Fraction(7, 10)
"""The crop moves as a calm camera does: towards where the ball is on average, so far before and after."""
LOOK_STEP = Fraction(1, 10)
CLOSE_UP = 0.76
"""How much of the picture's height shows once a shot is taken."""
BEFORE_SHOT, AFTER_GOAL = Fraction(2, 5), Fraction(3, 5)


def match_reel(truth: MatchTruth, source: str) -> dict[str, Any]:
    """A reel of every moment of the match."""
    return document(source, [_clip(truth, moment) for moment in truth.moments])


def _clip(truth: MatchTruth, moment: Moment) -> dict[str, Any]:
    window = (moment.start, moment.end)
    return clip(moment.title, window, _keyframes(truth, moment), _slow_part(truth, moment))


def _keyframes(truth: MatchTruth, moment: Moment) -> Iterator[tuple[Fraction, Box]]:
    time = moment.start
    while time <= moment.end:
        yield time - moment.start, _crop(truth, moment, time)
        time += KEY_EVERY


def _crop(truth: MatchTruth, moment: Moment, time: Fraction) -> Box:
    x, y = _calm_ball(truth, time)
    whole = largest_box(truth.size, OUTPUT.ratio)
    shot = next((shot for shot in truth.shots if moment.start <= shot <= time), None)
    zoom = 1.0 if shot is None else CLOSE_UP
    width, height = whole.width * zoom, whole.height * zoom
    return clamp_box(Box(x - width / 2, y - height / 2, width, height), truth.size)


def _calm_ball(truth: MatchTruth, time: Fraction) -> tuple[float, float]:
    steps = int(LOOK / LOOK_STEP)
    times = [time + step * LOOK_STEP for step in range(-steps, steps + 1)]
    spots = [truth.ball_at(each) for each in times if 0 <= each < truth.seconds]
    return sum(x for x, _ in spots) / len(spots), sum(y for _, y in spots) / len(spots)


def _slow_part(truth: MatchTruth, moment: Moment) -> tuple[Fraction, Fraction] | None:
    """From just before the shot until the ball lies in the net."""
    goal = next((goal for goal in truth.goals if moment.start <= goal <= moment.end), None)
    shot = max((shot for shot in truth.shots if goal and moment.start <= shot <= goal), default=None)
    if goal is None or shot is None:
        return None
    start, end = max(shot - BEFORE_SHOT, moment.start), min(goal + AFTER_GOAL, moment.end)
    return start - moment.start, end - moment.start
