import math
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest
from tests.media_reading import pictures, read_sound

from clipmill.engines.sample_match import Player, Team, draw_match, match_truth
from clipmill.engines.sample_match.letters import text_mask
from clipmill.engines.sample_match.sound import WHISTLE_HZ
from clipmill.engines.sample_match.sprites import Drawing, paste, sprite_of
from clipmill.engines.sample_match.story import CYCLE, GOAL_LINE_HALF, LENGTH, PLAYERS, WIDTH, Story
from clipmill.errors import InvalidSizeError

SECONDS, SIZE, RATE = 21, (640, 360), 5


@pytest.fixture(scope="module")
def match(tmp_path_factory):
    path = tmp_path_factory.mktemp("match") / "match.mp4"
    return path, draw_match(path, seconds=SECONDS, size=SIZE, rate=RATE)


def small(path, **changes):
    draw_match(path, **({"seconds": 1, "size": (160, 90), "rate": 10} | changes))
    return [picture.luma for picture in pictures(path)]


def test_the_same_arguments_give_the_same_file(tmp_path):
    small(tmp_path / "first.mp4")
    small(tmp_path / "second.mp4")
    assert (tmp_path / "first.mp4").read_bytes() == (tmp_path / "second.mp4").read_bytes()


def test_another_seed_gives_another_match(tmp_path):
    first, second = small(tmp_path / "first.mp4", seed=1), small(tmp_path / "second.mp4", seed=2)
    assert np.abs(first[-1].astype(int) - second[-1]).mean() > 1
    assert match_truth(seed=1).ball_at(Fraction(5)) != match_truth(seed=2).ball_at(Fraction(5))


def test_drawing_returns_the_truth_that_is_known_without_drawing(match):
    assert match[1] == match_truth(SECONDS, SIZE, RATE)


def test_picture_and_sound_last_as_long_as_asked(match):
    path, truth = match
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.frames, stream.average_rate) == (truth.frames, RATE)
        assert (stream.width, stream.height) == SIZE
        assert stream.duration * stream.time_base == SECONDS
    sound = read_sound(path)
    assert sound.start == 0
    assert SECONDS <= sound.end < SECONDS + Fraction(1024, sound.rate)


def test_a_broadcast_rate_is_kept(tmp_path):
    path = tmp_path / "match.mp4"
    draw_match(path, seconds=1, size=(160, 90), rate=Fraction(30000, 1001))
    with av.open(str(path)) as container:
        assert container.streams.video[0].average_rate == Fraction(30000, 1001)


def test_an_odd_size_is_refused():
    with pytest.raises(InvalidSizeError, match="161x90"):
        match_truth(size=(161, 90))


def test_the_index_comes_first_and_colours_are_tagged(match):
    data = match[0].read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(str(match[0])) as container:
        frame = next(container.decode(video=0))
        assert (frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc) == (1, 1, 1, 1)


def test_the_ball_is_where_the_truth_says(match):
    path, truth = match
    seen = [_is_ball(picture.luma, truth.ball_at(picture.time)) for picture in pictures(path)]
    # Now and then a player stands before it, and white lines and nets are as bright as it is.
    assert sum(seen) > 0.93 * len(seen)


def test_the_ball_is_not_seen_where_the_truth_does_not_say_so(match):
    path, truth = match
    seen = [_is_ball(picture.luma, truth.ball_at(picture.time + 1)) for picture in pictures(path)]
    assert sum(seen) < 0.3 * len(seen)


def _is_ball(luma, place):
    """Whether a bright disc with a dark mark, on darker ground, has its middle here, within a pixel and a half."""
    left, top = (round(axis) for axis in place)
    part = luma[max(0, top - 8) : top + 8, max(0, left - 8) : left + 8].astype(float)
    rows, columns = np.indices(part.shape)
    bright = part > 165
    near = np.hypot(columns + max(0, left - 8) + 0.5 - place[0], rows + max(0, top - 8) + 0.5 - place[1])
    disc = bright & (near < 4.5)
    if disc.sum() < 5:
        return False
    middle = columns[disc].mean() + max(0, left - 8) + 0.5, rows[disc].mean() + max(0, top - 8) + 0.5
    return math.dist(middle, place) < 1.5


def test_a_player_stands_in_his_box(match):
    path, truth = match
    for picture in list(pictures(path))[::8]:
        box = truth.player_box(picture.time, Player(Team.FOXES, 0))
        rows, columns = slice(int(box.y), int(box.y + box.height)), slice(int(box.x), int(box.x + box.width))
        # The keeper of the Foxes wears yellow: more red and less blue than grass.
        half = slice(rows.start // 2, rows.stop // 2), slice(columns.start // 2, columns.stop // 2)
        assert picture.planes[1][half].min() < 70
        assert picture.planes[2][half].max() > 130


def test_the_whistle_is_heard_when_the_truth_says(match):
    path, truth = match
    sound = read_sound(path)
    assert len(truth.whistles) == 2
    for time in truth.whistles:
        assert _shrill(sound, time + Fraction(1, 4)) > 10 * _shrill(sound, time - Fraction(1, 4))


def _shrill(sound, time):
    """The energy about the whistle's pitch in a tenth of a second."""
    middle, reach = sound.at(time), sound.rate // 20
    spectrum = np.abs(np.fft.rfft(sound.channels.mean(axis=0)[middle - reach : middle + reach])) ** 2
    hertz = np.fft.rfftfreq(2 * reach, 1 / sound.rate)
    return spectrum[np.abs(hertz - WHISTLE_HZ) < 250].sum()


def test_the_crowd_roars_at_a_goal(match):
    path, truth = match
    sound = read_sound(path)

    def loudness(time):
        return np.sqrt((sound.channels[:, sound.at(time) : sound.at(time + Fraction(1, 2))] ** 2).mean())

    assert loudness(truth.goals[0] + Fraction(1, 5)) > 3 * loudness(Fraction(3))


def test_every_kick_is_a_thud(match):
    path, truth = match
    wave = read_sound(path).channels.mean(axis=0)
    low = np.convolve(wave, np.full(240, 1 / 240), "same")

    def thud(time):
        first = round(time * 48000)
        return float((low[first : first + 2400] ** 2).mean())

    for kick in truth.kicks:
        assert thud(kick) > 3 * thud(kick - Fraction(1, 10))


def test_the_score_changes_with_the_goal(match):
    _, truth = match
    goal = truth.goals[0]
    assert truth.score_at(goal - Fraction(1, 100)) == (0, 0)
    assert truth.score_at(goal) == (1, 0)


def test_the_scoreboard_shows_the_score(match):
    path, truth = match
    boards = [picture.luma[14:34, 80:126].astype(float) for picture in pictures(path)]
    goal = math.ceil(truth.goals[0] * RATE)
    change = [np.abs(after - before).mean() for before, after in pairwise(boards)]
    assert int(np.argmax(change)) + 1 == goal


def test_the_ball_is_in_the_goal_when_the_truth_says_so():
    x, y, _ = Story(7).ball_at(float(match_truth().goals[0]))
    assert x > LENGTH
    assert abs(y - WIDTH / 2) < GOAL_LINE_HALF


@pytest.mark.parametrize("seed", [7, 99])
def test_nobody_and_nothing_jumps(seed):
    story = Story(seed)
    frames = [number / 15 for number in range(int(2.2 * CYCLE) * 15)]
    for before, after in pairwise(frames):
        assert math.dist(story.ball_at(before), story.ball_at(after)) * 15 < 32
        was, now = story.players_at(before), story.players_at(after)
        assert max(math.dist(was[player], now[player]) for player in PLAYERS) * 15 < 13


def test_sides_take_turns_scoring():
    truth = match_truth(seconds=60)
    assert truth.score_at(Fraction(59)) == (1, 1)
    story = Story(truth.seed)
    ends = [story.ball_at(float(goal))[0] > LENGTH / 2 for goal in truth.goals]
    assert ends == [True, False]


def test_moments_lie_within_the_match_and_hold_what_they_name():
    truth = match_truth()
    assert [moment.title for moment in truth.moments] == ["Kick-off", "Great save", "Goal!"]
    for moment, time in zip(truth.moments, (truth.kick_offs[0], truth.saves[0], truth.goals[0]), strict=True):
        assert 0 <= moment.start < time < moment.end <= truth.seconds


def test_a_short_match_names_only_what_it_holds():
    truth = match_truth(seconds=8)
    assert [moment.title for moment in truth.moments] == ["Kick-off"]
    assert truth.goals == ()


def test_progress_counts_every_frame(tmp_path):
    told = []
    draw_match(tmp_path / "match.mp4", seconds=1, size=(160, 90), rate=5, on_progress=lambda *step: told.append(step))
    assert told == [(done, 5) for done in range(1, 6)]


@pytest.mark.parametrize("parity", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_a_sprite_covers_the_same_pixels_wherever_it_lies(parity):
    planes = [np.full((20, 20), 100, np.uint8), np.full((10, 10), 128, np.uint8), np.full((10, 10), 128, np.uint8)]
    white = Drawing(np.full((4, 3, 3), 255.0), np.ones((4, 3)), (1, 2))
    paste(planes, sprite_of(white, parity), 8 + parity[0], 10 + parity[1])
    covered = np.argwhere(planes[0] == 235)
    assert covered.min(axis=0).tolist() == [8 + parity[1], 7 + parity[0]]
    assert covered.max(axis=0).tolist() == [11 + parity[1], 9 + parity[0]]
    assert len(covered) == 12
    assert set(planes[0].ravel()) == {100, 235}


def test_a_sprite_is_cut_at_the_pictures_edges():
    planes = [np.full((8, 8), 100, np.uint8), np.full((4, 4), 128, np.uint8), np.full((4, 4), 128, np.uint8)]
    white = Drawing(np.full((6, 6, 3), 255.0), np.ones((6, 6)), (3, 3))
    for x, y in ((0, 0), (8, 8), (20, -20)):
        paste(planes, sprite_of(white, (x % 2, y % 2)), x, y)
    assert (planes[0] == 235).sum() == 18


def test_letters_are_as_wide_as_their_dots():
    assert text_mask("0-1", 3).shape == (21, 3 * 17)
    assert text_mask("1", 1)[:, 2].all()
