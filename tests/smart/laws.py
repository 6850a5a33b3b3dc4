"""What holds for everything that smart rendering writes, whatever the source."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from tests.media_reading import Picture
from tests.smart.movie import SOUND_RATE, Movie, box_names, complaints, decode_steps, program_complaints
from tests.smart.rules import (
    COPIED_SOUND,
    SPOT,
    SPOT_LEVELS,
    can_be_copied,
    length,
    longest_step,
    shown,
    untouched_groups,
)

AUDIO_FRAME = Fraction(1152, 48_000) + Fraction(1, 1000)
"""The longest coded frame of sound in the test videos, and a stamp's rounding."""
NEAR_LEVELS = 5
SPOT_NEAR_LEVELS = 16
WINDOW, REACH, PIECE = 4096, 1200, 1024
SETTLED_S = 0.1
"""A decoder of sound that starts in mid-stream needs a few frames before it has the same samples."""
ALIKE = 0.9
SILENCE = 0.02
HAIR = Fraction(1, 1_000_000)


@dataclass(frozen=True)
class Rendering:
    """A written file, what its call told of it, and what it was to be: pictures of the source, some of them drawn on."""

    output: Movie
    told: dict[str, Any]
    source: Movie
    kept: Sequence[int]
    changed: frozenset[int] = frozenset()

    @property
    def start(self) -> Fraction:
        """Where the output begins in the source."""
        return self.source.times[self.kept[0]]

    @property
    def sounds(self) -> bool:
        """Whether the source has sound there."""
        if self.source.sound is None:
            return False
        return self.source.sound[0] < self.start + length(self.source, self.kept) and self.source.sound_end > self.start

    @property
    def copied(self) -> list[tuple[Fraction, Fraction]]:
        return [(Fraction(start), Fraction(end)) for start, end in self.told["copied_ranges"]]

    @property
    def copied_seconds(self) -> list[tuple[float, float]]:
        return [tuple(span) for span in self.told["copied_ranges"]]

    def is_copied(self, time: Fraction) -> bool:
        """Whether the picture shown then was copied; a float's last digit does not count."""
        return any(start - HAIR <= time < end - HAIR for start, end in self.copied)


Law = Callable[[Rendering], None]


def every_picture_is_shown_once_at_its_time(made: Rendering) -> None:
    assert made.output.start == 0
    assert made.output.shown == shown(made.source, made.kept)


def the_call_tells_the_length_of_the_file(made: Rendering) -> None:
    assert made.told["frames"] == len(made.kept)
    expected = length(made.source, made.kept)
    # The last picture of a variable rate stays a time of its own, which not every container says.
    slack = Fraction(2, 1000) + longest_step(made.source)
    assert abs(Fraction(made.told["duration"]) - expected) <= slack
    assert abs(made.output.duration - expected) <= slack


def the_file_plays_without_a_complaint(made: Rendering) -> None:
    names = box_names(made.output.path)
    assert names.index("moov") < names.index("mdat")
    assert all(step > 0 for track in decode_steps(made.output.path) for step in track)
    if not complaints(made.source.path):
        assert complaints(made.output.path) == []


def the_ffmpeg_program_has_no_complaint(made: Rendering) -> None:
    if not program_complaints(made.source.path):
        assert program_complaints(made.output.path) == ""


def what_is_said_to_be_copied_is_copied(made: Rendering) -> None:
    """Slice by slice and pixel by pixel."""
    slices = {coded.time: coded.slices for coded in made.source.coded}
    for coded in made.output.coded:
        if made.is_copied(coded.time):
            assert coded.slices == slices[coded.time + made.start], f"other slices at {float(coded.time):g} s"
    for picture, index in zip(made.output.pictures, made.kept, strict=True):
        if made.is_copied(picture.time):
            assert index not in made.changed
            assert _same(picture, made.source.pictures[index]), f"other pixels at {float(picture.time):g} s"


def _same(shown: Picture, expected: Picture) -> bool:
    return all(np.array_equal(*planes) for planes in zip(shown.planes, expected.planes, strict=True))


def copies_begin_with_a_group_and_end_with_a_picture(made: Rendering) -> None:
    keys, edges = made.source.key_times, [*made.source.times, made.source.duration]
    for start, end in made.copied:
        assert start < end
        # What a stream copy begins with may be the picture after a pre-roll.
        assert start == 0 or _is_near(start + made.start, keys), f"{float(start)} is no start of a group"
        assert _is_near(end + made.start, edges), f"{float(end)} is no edge of a picture"


def _is_near(time: Fraction, edges: Iterable[Fraction]) -> bool:
    return min(abs(edge - time) for edge in edges) < HAIR


def untouched_groups_are_copied(made: Rendering) -> None:
    if can_be_copied(made.source) and untouched_groups(made.source, made.kept, set(made.changed)):
        assert made.copied, f"nothing was copied: {made.told['warnings']}"


def the_drawing_is_there_and_nowhere_else(made: Rendering) -> None:
    wrong = [
        index
        for index, picture in zip(made.kept, made.output.pictures, strict=True)
        if has_spot(picture) != (index in made.changed)
    ]
    assert wrong == [], f"{len(made.changed)} pictures are to be drawn on"


def has_spot(picture: Picture) -> bool:
    """Whether the red spot is there; half a spot is an error."""
    levels = spot_levels(picture)
    if abs(levels[2] - 128) <= SPOT_NEAR_LEVELS:
        return False
    assert np.abs(np.subtract(levels, SPOT_LEVELS)).max() <= SPOT_NEAR_LEVELS, f"a spot of {levels}"
    return True


def spot_levels(picture: Picture) -> tuple[float, ...]:
    """The mean Y, Cb, Cr in the middle of where the spot belongs."""
    return tuple(float(plane[_spot(plane, 0.4)].mean()) for plane in picture.planes)


def _spot(plane: np.ndarray, part: float) -> tuple[slice, slice]:
    across, down, wide, tall = SPOT
    height, width = plane.shape
    rows = slice(int(height * (down - tall * part)), int(np.ceil(height * (down + tall * part))))
    return rows, slice(int(width * (across - wide * part)), int(np.ceil(width * (across + wide * part))))


def the_rest_looks_as_the_source(made: Rendering) -> None:
    for picture, index in zip(made.output.pictures, made.kept, strict=True):
        expected = _limited(made.source, made.source.pictures[index].luma)
        apart = np.abs(_limited(made.output, _narrowed(picture.luma, expected.shape[1])) - expected)
        # The spot and the blocks that its edge shares.
        apart[_spot(apart, 1.7)] = 0
        assert apart.mean() < NEAR_LEVELS, f"picture {index} is {apart.mean():.1f} levels off"


def _narrowed(luma: np.ndarray, width: int) -> np.ndarray:
    """A picture whose wide pixels became several square ones, in wide pixels again."""
    return luma if luma.shape[1] == width else luma.reshape(len(luma), width, -1).mean(axis=2)


def _limited(movie: Movie, luma: np.ndarray) -> np.ndarray:
    return 16 + luma.astype(float) * 219 / 255 if movie.look.full_range else luma.astype(float)


# Sound


def the_sound_is_the_sources_at_its_place(made: Rendering) -> None:
    """Copied sound to the sample, as far as the source's clock tells it."""
    encoded = 0 if made.told["audio"] == "copied" else SOUND_RATE // 1000
    slack = max(1, encoded, round(made.source.sound_tick * SOUND_RATE))
    for time in _listening_times(made, max(0.3, float(made.output.duration) / 6), WINDOW + REACH):
        apart = displacement(made.source.heard, made.output.heard, float(made.start), time)
        assert apart is None or abs(apart) <= slack, f"{apart} samples off at {time:.3f} s"


def the_sound_has_no_gap(made: Rendering) -> None:
    """Piece by piece, all of it lies where one piece of it does."""
    source, output, start = made.source.heard, made.output.heard, float(made.start)
    begins = float(made.source.sound[0]) - start + SETTLED_S if made.source.sound else 0
    coarse = (time for time in _listening_times(made, 0.3, WINDOW + REACH) if time >= begins)
    found = (displacement(source, output, start, time) for time in coarse)
    apart = next((samples for samples in found if samples is not None), 0)
    for time in _listening_times(made, PIECE / SOUND_RATE, PIECE + REACH):
        asked, place = round((start + time) * SOUND_RATE), round(time * SOUND_RATE) + apart
        piece, heard = source[asked : asked + PIECE], output[place : place + PIECE]
        silent = time < begins or loudness(piece) < SILENCE
        assert silent or likeness(piece, heard) > ALIKE, f"a gap at {time:.3f} s"


def _listening_times(made: Rendering, step: float, room: int) -> list[float]:
    """When the output should sound as the source does for so many samples more."""
    last = min(made.source.sound_end - made.start, length(made.source, made.kept))
    return np.arange(SETTLED_S, float(last) - room / SOUND_RATE, step).tolist()


def displacement(source: np.ndarray, output: np.ndarray, start: float, time: float) -> int | None:
    """How many samples too late the output has what the source has; None where both are silent."""
    asked, place = round((start + time) * SOUND_RATE), round(time * SOUND_RATE)
    piece = source[asked : asked + WINDOW]
    around = np.pad(output, (REACH, len(source)))[place : place + WINDOW + 2 * REACH]
    if loudness(piece) < SILENCE:
        middle = around[REACH : REACH + WINDOW]
        assert loudness(middle) < 2 * SILENCE, f"sound where the source has none, at {time:.3f} s"
        return None
    best = int(np.correlate(around, piece, "valid").argmax())
    alike = likeness(piece, around[best : best + WINDOW])
    assert alike > ALIKE, f"other sound at {time:.3f} s: {alike:.2f} alike"
    return best - REACH


def likeness(piece: np.ndarray, heard: np.ndarray) -> float:
    """1 for the same sound, however loud; 0 for another one, or less of it."""
    if len(piece) != len(heard):
        return 0.0
    return float(np.dot(piece, heard) / (np.linalg.norm(piece) * np.linalg.norm(heard) or 1))


def loudness(wave: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(wave)))) if len(wave) else 0.0


def sound_and_picture_end_together(made: Rendering) -> None:
    """To a coded frame of sound, where the source has that much sound."""
    if not made.sounds:
        assert made.output.sound is None or loudness(made.output.heard) < SILENCE
        return
    assert made.output.sound is not None
    asked = made.source.sound_end - made.start
    picture = length(made.source, made.kept)
    slack = AUDIO_FRAME + longest_step(made.source)
    assert made.output.sound[0] >= -Fraction(1, 1000)
    assert min(asked, picture) - slack <= made.output.sound_end <= picture + slack


def the_call_tells_what_became_of_the_sound(made: Rendering) -> None:
    codec = made.source.sound_codec
    if made.sounds or codec is None:
        expected = "none" if codec is None else "copied" if codec in COPIED_SOUND else "encoded"
        assert made.told["audio"] == expected


PICTURE_LAWS: tuple[Law, ...] = (
    every_picture_is_shown_once_at_its_time,
    the_call_tells_the_length_of_the_file,
    the_file_plays_without_a_complaint,
    what_is_said_to_be_copied_is_copied,
    the_drawing_is_there_and_nowhere_else,
    the_rest_looks_as_the_source,
)
SOUND_LAWS: tuple[Law, ...] = (
    the_sound_is_the_sources_at_its_place,
    the_sound_has_no_gap,
    sound_and_picture_end_together,
    the_call_tells_what_became_of_the_sound,
)
COPY_LAWS: tuple[Law, ...] = (copies_begin_with_a_group_and_end_with_a_picture, untouched_groups_are_copied)


def check(made: Rendering, laws: Iterable[Law] = PICTURE_LAWS + SOUND_LAWS + COPY_LAWS) -> None:
    for law in laws:
        law(made)
