"""What a test video is to be: its times, codec, colours and sound, and ready recipes of every kind that tests need.

Convention: times are seconds on the video's own clock, which starts at its first displayed frame; ``Recipe.start`` is where that
frame lies on the container's clock. Sizes are as stored.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple


class Matrix(NamedTuple):
    """A YCbCr matrix: its code point and the weights of red and blue in luma."""

    code: int
    red: float
    blue: float


BT709 = Matrix(1, 0.2126, 0.0722)
BT601 = Matrix(6, 0.299, 0.114)
BT2020 = Matrix(9, 0.2627, 0.0593)


@dataclass(frozen=True)
class Colour:
    """How colours are stored and tagged; ``primaries`` and ``transfer`` are code points of H.273."""

    matrix: Matrix = BT709
    full_range: bool = False
    primaries: int = 1
    transfer: int = 1

    def levels(self, rgb: tuple[int, int, int], depth: int = 8) -> tuple[int, int, int]:
        """The stored Y, Cb, Cr of an 8-bit R'G'B' colour."""
        red, green, blue = (part / 255 for part in rgb)
        luma = self.matrix.red * red + (1 - self.matrix.red - self.matrix.blue) * green + self.matrix.blue * blue
        chroma = (blue - luma) / (2 - 2 * self.matrix.blue), (red - luma) / (2 - 2 * self.matrix.red)
        unit = 1 << (depth - 8)
        if self.full_range:
            largest = 256 * unit - 1
            return (round(luma * largest), *(min(largest, round(128 * unit + part * largest)) for part in chroma))
        return (round((16 + 219 * luma) * unit), *(round((128 + 224 * part) * unit) for part in chroma))


@dataclass(frozen=True)
class Sound:
    """A steady tone, or short beeps at ``beeps`` in silence."""

    frequency: float = 440.0
    beeps: tuple[Fraction, ...] = ()
    start: Fraction = Fraction(0)
    """When the sound begins, on the video's clock: later than 0 is late audio."""
    end: Fraction | None = None
    """When it ends; as the picture does unless given."""
    rate: int = 48000
    channels: int = 2
    codec: str | None = None
    """aac, or opus in webm, unless given."""
    amplitude: float = 0.5


@dataclass(frozen=True)
class Recipe:
    """What to draw, and how to store it."""

    size: tuple[int, int] = (640, 360)
    rate: Fraction = Fraction(30)
    frames: int = 90
    pts: tuple[Fraction, ...] | None = None
    """The frames' times in place of ``frames`` and ``rate``, from 0; the last one lasts as long as the one before."""
    start: Fraction = Fraction(0)
    pre_roll: int = 0
    """Frames before the first displayed one, stored and hidden by an edit list."""
    first_number: int = 0
    container: str = "mp4"
    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    gop: int = 30
    b_frames: int = 0
    open_gop: bool = False
    rotation: int = 0
    """How far a player turns the stored picture clockwise: 0, 90, 180 or 270."""
    sample_aspect: Fraction = Fraction(1)
    sound: Sound | None = field(default_factory=Sound)
    colour: Colour = field(default_factory=Colour)
    moov_first: bool = True
    flashes: tuple[int, ...] = ()
    """Frames that are white but for their marks, by index among the displayed ones."""
    patches: tuple[tuple[int, int, int], ...] = ()
    """Flat R'G'B' colours along the upper edge."""

    @cached_property
    def times(self) -> tuple[Fraction, ...]:
        """When each stored frame is shown; hidden ones lie before 0."""
        shown = self.pts or tuple(index / self.rate for index in range(self.frames))
        return (*(-index / self.rate for index in range(self.pre_roll, 0, -1)), *shown)

    @cached_property
    def durations(self) -> tuple[Fraction, ...]:
        steps = [after - before for before, after in zip(self.times, self.times[1:], strict=False)]
        return (*steps, steps[-1] if self.pts and steps else 1 / self.rate)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers that a player shows."""
        return tuple(range(self.first_number + self.pre_roll, self.first_number + len(self.times)))

    @property
    def duration(self) -> Fraction:
        """How long the picture is shown."""
        return self.times[-1] + self.durations[-1]

    @property
    def upright(self) -> tuple[int, int]:
        """The stored samples of the picture once it is turned."""
        return self.size[::-1] if self.rotation in (90, 270) else self.size

    @property
    def displayed(self) -> tuple[int, int]:
        """The picture as displayed: turned, square pixels."""
        wide = (round(self.size[0] * self.sample_aspect), self.size[1])
        return wide[::-1] if self.rotation in (90, 270) else wide


PATCHES = ((255, 255, 255), (128, 128, 128), (0, 0, 0), (200, 40, 40), (40, 160, 60), (40, 60, 200), (220, 200, 40))
NTSC = Fraction(30000, 1001)
IRREGULAR_MS = (0, 33, 67, 100, 180, 200, 233, 300, 500, 510, 543, 580, 700, 900, 933, 967, 1000, 1400, 1433, 1467)


def _small(**changes: Any) -> Recipe:
    """What is told apart by its times, its codec or its sound needs no more of a picture than its number."""
    return Recipe(size=(320, 180), **changes)


VARIANTS: dict[str, Recipe] = {
    "cfr_24": _small(rate=Fraction(24), frames=48),
    "cfr_25": Recipe(rate=Fraction(25), frames=50),
    "cfr_29_97": _small(rate=NTSC, frames=60),
    "cfr_30": Recipe(frames=60),
    "cfr_50": _small(rate=Fraction(50), frames=100, gop=50),
    "cfr_60": Recipe(rate=Fraction(60), frames=120, gop=60),
    "vfr": Recipe(pts=tuple(Fraction(ms, 1000) for ms in IRREGULAR_MS), gop=8),
    "vfr_b_frames": _small(pts=tuple(Fraction(ms, 1000) for ms in IRREGULAR_MS), gop=8, b_frames=2),
    "ms_stamped_29_97": _small(rate=NTSC, container="mkv"),
    "rotated_90": Recipe(rotation=90, frames=30),
    "rotated_180": Recipe(rotation=180, frames=30),
    "rotated_270": Recipe(rotation=270, frames=30),
    "silent": _small(frames=60, sound=None),
    "late_audio": _small(sound=Sound(start=Fraction(1, 2))),
    "early_audio": _small(sound=Sound(start=Fraction(-1, 4)), start=Fraction(1, 2), container="mkv"),
    "short_audio": _small(sound=Sound(end=Fraction(2))),
    "long_audio": _small(frames=60, sound=Sound(end=Fraction(3))),
    "mono_44100": _small(frames=60, sound=Sound(rate=44100, channels=1)),
    "odd_444": Recipe(size=(321, 181), pixel_format="yuv444p", frames=30),
    "odd_vp9": Recipe(size=(321, 181), codec="libvpx-vp9", container="webm", frames=30),
    "h264_422": Recipe(pixel_format="yuv422p", frames=30),
    "h264_10_bit": Recipe(pixel_format="yuv420p10le", frames=30),
    "hevc": _small(codec="libx265", frames=60),
    "hevc_10_bit": Recipe(codec="libx265", pixel_format="yuv420p10le", frames=30),
    "hevc_open_gop": _small(codec="libx265", frames=60, gop=15, b_frames=2, open_gop=True),
    "vp9": _small(codec="libvpx-vp9", container="webm", frames=60),
    "av1": _small(codec="libsvtav1", frames=30),
    "b_frames": Recipe(b_frames=3),
    "open_gop": Recipe(b_frames=2, gop=15, open_gop=True),
    "long_gop": _small(frames=120, gop=250, b_frames=2),
    "mpeg_ts": _small(container="ts", frames=60, b_frames=2),
    "late_start": _small(start=Fraction(3, 2), frames=60),
    "pre_roll": _small(pre_roll=10, frames=50, b_frames=2),
    "moov_last": _small(moov_first=False, frames=60),
    "wide_pixels": Recipe(size=(320, 360), sample_aspect=Fraction(2), frames=30),
    "full_range": Recipe(frames=30, colour=Colour(full_range=True), patches=PATCHES),
    "bt601": Recipe(frames=30, colour=Colour(BT601, primaries=6, transfer=6), patches=PATCHES),
    "bt709": Recipe(frames=30, patches=PATCHES),
    "pq": Recipe(
        frames=30,
        codec="libx265",
        pixel_format="yuv420p10le",
        colour=Colour(BT2020, primaries=9, transfer=16),
        patches=PATCHES,
    ),
    "hlg": Recipe(
        frames=30,
        codec="libx265",
        pixel_format="yuv420p10le",
        colour=Colour(BT2020, primaries=9, transfer=18),
        patches=PATCHES,
    ),
}
