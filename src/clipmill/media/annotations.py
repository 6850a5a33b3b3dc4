"""Annotated moments: a range of a video, how good it was, and what it is called.

Convention: times are seconds of the source the annotation belongs to, ends are exclusive; an index counts from 0;
a *complaint* is what is wrong with a value, in words, or None.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Self, TypeVar

from clipmill.errors import EmptyRangeError, InvalidAnnotationError, UnknownSequenceError

LONGEST_NAME = 200
LONGEST_NOTES = 2000
LONGEST_TAG = 40
LONGEST_NAME_FROM_NOTES = 40

Source = TypeVar("Source")


class Rating(Enum):
    """How good a moment was: a number, its notation, its colour, and the word for it."""

    notation: str
    colour: str
    adjective: str

    BLUNDER = 1, "??", "#C62828", "Blunder"
    MISTAKE = 2, "?", "#F9A825", "Mistake"
    INTERESTING = 3, "!?", "#1565C0", "Interesting"
    GOOD = 4, "!", "#2E7D32", "Good"
    BRILLIANT = 5, "!!", "#66BB6A", "Brilliant"

    def __new__(cls, number: int, notation: str, colour: str, adjective: str) -> Self:
        """The rating itself is the number, so that ``Rating(4)`` finds it."""
        rating = object.__new__(cls)
        rating._value_ = number
        rating.notation = notation
        rating.colour = colour
        rating.adjective = adjective
        return rating


@dataclass(frozen=True, slots=True)
class Annotation:
    """A moment that somebody marked; ``video_sequence`` says in which video of the game, from 1."""

    start: Fraction
    end: Fraction
    name: str = ""
    notes: str = ""
    rating: Rating = Rating.INTERESTING
    tags: tuple[str, ...] = ()
    video_sequence: int | None = None


def display_name(annotation: Annotation, position: int) -> str:
    """What people read: the name, the beginning of the notes, rating and tags, or the place in the list (from 0).

    >>> display_name(Annotation(Fraction(0), Fraction(1), rating=Rating.GOOD, tags=("Pass", "Goal")), 0)
    'Good Pass and Goal'
    """
    return (
        _one_line(annotation.name)
        or _beginning(_one_line(annotation.notes))
        or _rated_tags(annotation)
        or f"Clip {position + 1}"
    )


def _one_line(text: str) -> str:
    # JSON can carry half a surrogate pair, which no file can: it becomes a question mark.
    return " ".join(text.split()).encode("utf-8", "replace").decode()


def _beginning(line: str) -> str:
    """The line cut at the end of a word; a first word that is longer stays whole."""
    if len(line) <= LONGEST_NAME_FROM_NOTES:
        return line
    # One more than may stay: a word that ends just there is whole.
    whole_words, _, _ = line[: LONGEST_NAME_FROM_NOTES + 1].rpartition(" ")
    return whole_words or line.partition(" ")[0]


def _rated_tags(annotation: Annotation) -> str:
    tags = [line for line in map(_one_line, annotation.tags) if line]
    listed = " and ".join(part for part in (", ".join(tags[:-1]), *tags[-1:]) if part)
    return f"{annotation.rating.adjective} {listed}" if listed else ""


def settled_range(annotation: Annotation, index: int, duration: Fraction) -> tuple[Fraction, Fraction]:
    """The range inside a source that lasts ``duration``: its end is cut there, its start has to be before."""
    complaint = range_complaint(annotation.start, annotation.end)
    if complaint:
        raise InvalidAnnotationError(f"clip {index}: {complaint}. Correct its times.", details={"index": index})
    if annotation.start >= duration:
        raise EmptyRangeError(
            f"clip {index} starts at {_seconds(annotation.start)}, its source ends at {_seconds(duration)}. "
            "Send a start inside the source.",
            details={"index": index},
        )
    return annotation.start, min(annotation.end, duration)


def source_of(annotation: Annotation, index: int, sequences: Mapping[int, Source]) -> Source:
    """The one of several sources, each by its number, that an annotation is cut from; a single one needs no number."""
    wanted = annotation.video_sequence
    if wanted is None and len(sequences) == 1:
        return next(iter(sequences.values()))
    if wanted is None or wanted not in sequences:
        known = ", ".join(map(str, sorted(sequences)))
        raise UnknownSequenceError(
            f"clip {index}: video_sequence: expected one of {known}, got {wanted or 'none'}. "
            "Send the number of one of the sources.",
            details={"index": index},
        )
    return sequences[wanted]


def complaint_about(annotation: Annotation) -> str | None:
    """What is wrong with an annotation, whatever its source."""
    complaints = [
        range_complaint(annotation.start, annotation.end),
        name_complaint(annotation.name),
        notes_complaint(annotation.notes),
        *map(tag_complaint, annotation.tags),
    ]
    return next(filter(None, complaints), None)


def range_complaint(start: Fraction, end: Fraction) -> str | None:
    if start < 0:
        return f"expected a start of 0 s or later, got {_seconds(start)}"
    if start >= end:
        return f"expected a start before the end, got {_seconds(start)} and {_seconds(end)}"
    return None


def name_complaint(name: str) -> str | None:
    return _length_complaint("name", name, LONGEST_NAME)


def notes_complaint(notes: str) -> str | None:
    return _length_complaint("notes", notes, LONGEST_NOTES)


def tag_complaint(tag: str) -> str | None:
    """Tags are listed with commas and kept in tables."""
    if "," in tag or "\t" in tag:
        return f"expected a tag without comma or tab, got {tag!r:.60}"
    return _length_complaint("tag", tag, LONGEST_TAG) if tag.strip() else "expected a tag, got a blank"


def _length_complaint(what: str, text: str, longest: int) -> str | None:
    if len(text) <= longest:
        return None
    return f"expected a {what} of at most {longest} characters, got {len(text)}"


def _seconds(time: Fraction) -> str:
    return f"{float(time):.10g} s"
