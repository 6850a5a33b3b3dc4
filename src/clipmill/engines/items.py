"""Items: clips rendered for joining, and what their files say of themselves."""

import json
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Self

from clipmill.engines.source import Media, open_container

NOTE = "clipmill_item"


@dataclass(frozen=True, slots=True)
class Ends:
    """How many frames at both ends of a clip stay lossless because a transition will be drawn over them."""

    head: int
    tail: int


@dataclass(frozen=True, slots=True)
class ItemNote:
    """What an item file says of itself, in its comment: how its frames are spread over its tracks."""

    frames: int
    fps: Fraction
    ends: Ends

    def to_text(self) -> str:
        ends = {"head": self.ends.head, "tail": self.ends.tail}
        return json.dumps({NOTE: 1, "frames": self.frames, "fps": str(self.fps)} | ends)

    @classmethod
    def of(cls, comment: str) -> Self | None:
        """The note in a file's comment; None in files that are no items."""
        try:
            note = json.loads(comment)
            if note[NOTE] != 1:
                return None
            return cls(int(note["frames"]), Fraction(note["fps"]), Ends(int(note["head"]), int(note["tail"])))
        except (ValueError, KeyError, TypeError, ZeroDivisionError):
            return None

    @property
    def tracks(self) -> list[tuple[int, int]]:
        """The frames that each video track of the file holds: head, body, tail, those that exist."""
        edges = sorted({0, self.ends.head, self.frames - self.ends.tail, self.frames})
        return list(pairwise(edges))

    @property
    def body(self) -> tuple[int, int]:
        """The frames that are encoded as the deliverable wants them."""
        return self.ends.head, self.frames - self.ends.tail


def read_note(media: Media) -> ItemNote | None:
    """What a file says of itself; None for files that are no items."""
    with open_container(media, familiar=True) as container:
        comments = [text for name, text in container.metadata.items() if name.lower() == "comment"]
        note = ItemNote.of(comments[0]) if comments else None
        return note if note and len(note.tracks) == len(container.streams.video) else None


def body_headers(media: Media, note: ItemNote) -> bytes | None:
    """The parameter sets of an item's body; None where transitions cover all of it."""
    if note.body not in note.tracks:
        return None
    with open_container(media, familiar=True) as container:
        stream = container.streams.video[note.tracks.index(note.body)]
        return bytes(stream.codec_context.extradata or b"")
