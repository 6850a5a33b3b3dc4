"""Items: clips rendered for joining, and what their files say of themselves."""

import json
import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Self

from av.container import InputContainer
from av.video.stream import VideoStream

from clipmill.engines.source import Media, open_container

NOTE = "clipmill_item"
_RATE = re.compile(r"[1-9]\d{0,8}(/[1-9]\d{0,8})?")
_CODECS = frozenset({"h264", "magicyuv"})


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
        """The note in a file's comment; None in files that are no items, whatever their comment claims."""
        try:
            note = json.loads(comment)
        except (ValueError, RecursionError):
            return None
        match note:
            case {"frames": int(frames), "fps": str(fps), "head": int(head), "tail": int(tail)} if note.get(NOTE) == 1:
                sound = frames > 0 and min(head, tail) >= 0 and head + tail <= frames and _RATE.fullmatch(fps)
                return cls(frames, Fraction(fps), Ends(head, tail)) if sound else None
            case _:
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
        return note if note and _holds(container, note) else None


def _holds(container: InputContainer, note: ItemNote) -> bool:
    """Whether the tracks are those that the note tells of: anyone can write a comment."""
    tracks = container.streams.video
    return (
        len(tracks) == len(note.tracks)
        and len({(track.codec_context.width, track.codec_context.height) for track in tracks}) == 1
        and all(_shows(track, span, note.fps) for track, span in zip(tracks, note.tracks, strict=True))
    )


def _shows(track: VideoStream, span: tuple[int, int], fps: Fraction) -> bool:
    first, last = span
    if track.time_base is None or track.start_time is None or track.duration is None:
        return False
    times = track.start_time * track.time_base * fps, track.duration * track.time_base * fps
    off = max(abs(times[0] - first), abs(times[1] - (last - first)))
    return track.frames == last - first and off < Fraction(1, 2) and track.codec_context.name in _CODECS


def body_headers(media: Media, note: ItemNote) -> bytes | None:
    """The parameter sets of an item's body; None where transitions cover all of it."""
    if note.body not in note.tracks:
        return None
    with open_container(media, familiar=True) as container:
        stream = container.streams.video[note.tracks.index(note.body)]
        return bytes(stream.codec_context.extradata or b"")
