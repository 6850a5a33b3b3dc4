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
WINDOW, REACH = 4096, 1200
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
        apart = np.abs(_limited(made.output, picture.luma) - expected)
        # The spot and the blocks that its edge shares.
        apart[_spot(apart, 1.7)] = 0
        assert apart.mean() < NEAR_LEVELS, f"picture {index} is {apart.mean():.1f} levels off"


def _limited(movie: Movie, luma: np.ndarray) -> np.ndarray:
    return 16 + luma.astype(float) * 219 / 255 if movie.look.full_range else luma.astype(float)


# Sound


def the_sound_is_the_sources_at_its_place(made: Rendering) -> None:
    """Copied sound to the sample, as far as the source's clock tells it."""
    first = made.start
    last = min(made.source.sound_end, first + length(made.source, made.kept)) - first
    encoded = 0 if made.told["audio"] == "copied" else SOUND_RATE // 1000
    slack = max(1, encoded, round(made.source.sound_tick * SOUND_RATE))
    reach = (WINDOW + REACH) / SOUND_RATE
    times = np.arange(SETTLED_S, float(last) - reach, max(0.3, float(last) / 6))
    for time in times:
        apart = displacement(made.source.heard, made.output.heard, float(first), float(time))
        assert apart is None or abs(apart) <= slack, f"{apart} samples off at {time:.3f} s"


def displacement(source: np.ndarray, output: np.ndarray, start: float, time: float) -> int | None:
    """How many samples too late the output has what the source has; None where both are silent."""
    asked = round((start + time) * SOUND_RATE)
    piece = source[asked : asked + WINDOW]
    place = round(time * SOUND_RATE) - REACH
    around = np.pad(output, (REACH, REACH))[place + REACH : place + 3 * REACH + WINDOW]
    if loudness(piece) < SILENCE:
        middle = around[REACH : REACH + WINDOW]
        assert loudness(middle) < 2 * SILENCE, f"sound where the source has none, at {time:.3f} s"
        return None
    likeness = np.correlate(around, piece, "valid")
    best = int(likeness.argmax())
    found = around[best : best + WINDOW]
    alike = likeness[best] / (np.linalg.norm(found) * np.linalg.norm(piece) or 1)
    assert alike > ALIKE, f"other sound at {time:.3f} s: {alike:.2f} alike"
    return best - REACH


def loudness(wave: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(wave)))) if len(wave) else 0.0


def sound_and_picture_end_together(made: Rendering) -> None:
    """To a coded frame of sound, where the source has that much sound."""
    if made.source.sound is None:
        assert made.output.sound is None
        return
    assert made.output.sound is not None
    asked = made.source.sound_end - made.start
    picture = length(made.source, made.kept)
    slack = AUDIO_FRAME + longest_step(made.source)
    assert made.output.sound[0] >= -Fraction(1, 1000)
    assert min(asked, picture) - slack <= made.output.sound_end <= picture + slack


def the_call_tells_what_became_of_the_sound(made: Rendering) -> None:
    codec = made.source.sound_codec
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
    sound_and_picture_end_together,
    the_call_tells_what_became_of_the_sound,
)
COPY_LAWS: tuple[Law, ...] = (copies_begin_with_a_group_and_end_with_a_picture, untouched_groups_are_copied)


def check(made: Rendering, laws: Iterable[Law] = PICTURE_LAWS + SOUND_LAWS + COPY_LAWS) -> None:
    for law in laws:
        law(made)
