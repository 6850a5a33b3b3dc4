"""What a media file is.

Convention: times are exact seconds. A stream's ``start`` is its first timestamp on the file's own clock, its
``duration`` runs from there to the end of its last frame or sample.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from clipmill.media.chapters import Chapter
from clipmill.media.geometry import Size
from clipmill.media.time import round_half_up


@dataclass(frozen=True, slots=True)
class Colour:
    """How the numbers of a picture mean colours; None where the file does not say."""

    matrix: str | None
    primaries: str | None
    transfer: str | None
    full_range: bool

    def to_json(self) -> dict[str, Any]:
        return {
            "matrix": self.matrix,
            "primaries": self.primaries,
            "transfer": self.transfer,
            "full_range": self.full_range,
        }


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """The picture of a file. ``size`` counts coded pixels, ``displayed`` those that people see."""

    index: int
    codec: str
    size: Size
    displayed: Size
    sample_aspect: Fraction
    rotation: int
    """Degrees clockwise from coded to displayed: 0, 90, 180 or 270."""
    mirrored: bool
    pixel_format: str
    bit_depth: int
    tick: Fraction
    """Seconds of a tick of the stream's own clock."""
    rate: Fraction
    variable_rate: bool
    start: Fraction
    duration: Fraction
    colour: Colour
    hdr: Literal["pq", "hlg"] | None
    interlaced: bool
    has_alpha: bool
    frames: int | None

    def to_json(self) -> dict[str, Any]:
        return {
            "index": self.index,
            "codec": self.codec,
            "width": self.displayed.width,
            "height": self.displayed.height,
            "coded_width": self.size.width,
            "coded_height": self.size.height,
            "sample_aspect": _ratio(self.sample_aspect),
            "rotation": self.rotation,
            "mirrored": self.mirrored,
            "pixel_format": self.pixel_format,
            "bit_depth": self.bit_depth,
            "fps": _ratio(self.rate),
            "variable_rate": self.variable_rate,
            **_timing(self.start, self.duration),
            "colour": self.colour.to_json(),
            "hdr": self.hdr,
            "interlaced": self.interlaced,
            "has_alpha": self.has_alpha,
            "frames": self.frames,
        }


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """One sound track of a file."""

    index: int
    codec: str
    sample_rate: int
    channels: int
    start: Fraction
    duration: Fraction | None

    def to_json(self) -> dict[str, Any]:
        return {
            "index": self.index,
            "codec": self.codec,
            "sample_rate": self.sample_rate,
            "channels": self.channels,
            **_timing(self.start, self.duration),
        }


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """A file: its picture, its sound, its chapters. ``audio`` is the default one of ``audio_tracks``."""

    container: str
    video: VideoInfo | None
    audio: AudioInfo | None
    audio_tracks: tuple[AudioInfo, ...]
    chapters: tuple[Chapter, ...]
    duration: Fraction
    size_bytes: int | None

    def to_json(self) -> dict[str, Any]:
        """For people and HTTP: fractions as "num/den", and beside times their seconds as a float."""
        return {
            "container": self.container,
            "duration": _ratio(self.duration),
            "duration_s": float(self.duration),
            "size_bytes": self.size_bytes,
            "video": self.video and self.video.to_json(),
            "audio": self.audio and self.audio.to_json(),
            "audio_tracks": [track.to_json() for track in self.audio_tracks],
            "chapters": [
                {"index": mark.index, "title": mark.title, "start": mark.start_ms / 1000, "end": mark.end_ms / 1000}
                for mark in self.chapters
            ],
        }


def displayed_size(coded: Size, sample_aspect: Fraction, rotation: int) -> Size:
    """The size that people see: width scaled by the pixels' aspect, sides swapped for a quarter turn.

    >>> displayed_size(Size(720, 576), Fraction(16, 15), 90)
    Size(width=576, height=768)
    """
    width = max(1, round_half_up(coded.width * sample_aspect))
    return Size(coded.height, width) if rotation % 180 else Size(width, coded.height)


def _timing(start: Fraction, duration: Fraction | None) -> dict[str, Any]:
    return {
        "start": _ratio(start),
        "start_s": float(start),
        "duration": None if duration is None else _ratio(duration),
        "duration_s": None if duration is None else float(duration),
    }


def _ratio(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"
