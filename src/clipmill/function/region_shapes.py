"""The wire form of a highlighted region: where one player is, by keyframes or fixed, in seconds or in frames.

Convention: positions and radii are pixels of the overlaid video as displayed, or of ``video_width`` x ``video_height``
where a region gives them; frame numbers count from 0 at the video's own rate, both named frames belong to the region.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Self, TypedDict

from pydantic import field_validator, model_validator

from clipmill.errors import LimitExceededError
from clipmill.function.moments import Moment
from clipmill.function.shapes import EDITOR_FIELDS, MOST_KEYFRAMES
from clipmill.function.wire import Colour, Count, Flag, Number, Seconds, WireModel, between
from clipmill.media.geometry import Size
from clipmill.media.highlights import Region
from clipmill.media.time import selection_tolerance
from clipmill.media.tracks import Blend, Key, Track

LONGEST_FADE_S = 10
BOUNDS = (("start_time", "end_time"), ("start_frame", "end_frame"))
GEOMETRY = ("x", "y", "radius_x", "radius_y")


@dataclass(frozen=True, slots=True)
class RegionGround:
    """What the regions of one video stand on: the video, how keys are joined, what stands in for missing values."""

    rate: Fraction
    size: Size
    blend: Blend
    stroke_opacity: float
    fill_opacity: float
    colour: str

    @property
    def tolerance(self) -> Fraction:
        return selection_tolerance(self.rate)


class RegionTracks(TypedDict):
    """What of a region moves."""

    x: Track
    y: Track
    radius_x: Track
    radius_y: Track
    stroke_opacity: Track
    fill_opacity: Track
    colour: Track


class RegionKeyframe(Moment):
    """Where the player is at one moment: centre and radii of the ellipse, and how it is painted from then on."""

    ignored = EDITOR_FIELDS

    x: Number
    y: Number
    radius_x: Number
    radius_y: Number
    stroke_opacity: Number | None = None
    fill_opacity: Number | None = None
    opacity: Number | None = None
    color: Colour | None = None

    @field_validator("radius_x", "radius_y")
    @classmethod
    def _has_extent(cls, value: float) -> float:
        return _above_zero(value)

    def either(self, name: str) -> float | None:
        """An opacity of its own name, else the one for everything that is painted."""
        own: float | None = getattr(self, name)
        return self.opacity if own is None else own


class RegionShape(WireModel):
    """One highlighted player: a range of time, and keyframes or a fixed place."""

    ignored = EDITOR_FIELDS | {"fps"}

    enabled: Flag = True
    start_time: Seconds | None = None
    end_time: Seconds | None = None
    start_frame: Count | None = None
    end_frame: Count | None = None
    keyframes: tuple[RegionKeyframe, ...] = ()
    x: Number | None = None
    y: Number | None = None
    radius_x: Number | None = None
    radius_y: Number | None = None
    opacity: Number = 1.0
    exit_fade: Annotated[Seconds, between(0, LONGEST_FADE_S)] = Fraction(1, 4)
    color: Colour | None = None
    video_width: Number | None = None
    video_height: Number | None = None

    @field_validator("keyframes", mode="before")
    @classmethod
    def _bounded(cls, value: Any) -> Any:
        return keyframe_list(value, "keyframes")

    @field_validator("radius_x", "radius_y", "video_width", "video_height")
    @classmethod
    def _has_extent(cls, value: float | None) -> float | None:
        return value if value is None else _above_zero(value)

    @model_validator(mode="after")
    def _is_a_region(self) -> Self:
        if self.enabled:
            self._check_bounds()
            self._check_place()
        return self

    def _check_bounds(self) -> None:
        given = [pair for pair in BOUNDS if any(getattr(self, name) is not None for name in pair)]
        if len(given) != 1:
            raise ValueError("expected start_time and end_time in seconds, or start_frame and end_frame; send one pair")
        start_name, end_name = given[0]
        start, end = getattr(self, start_name), getattr(self, end_name)
        if start is None or end is None:
            raise ValueError(f"expected both {start_name} and {end_name}, got one of them")
        if start < 0:
            raise ValueError(f"{start_name}: expected at least 0, got {float(start):g}")
        if start > end or (start == end and start_name == "start_time"):
            raise ValueError(f"expected {start_name} before {end_name}, got {float(start):g} and {float(end):g}")

    def _check_place(self) -> None:
        missing = [name for name in GEOMETRY if getattr(self, name) is None]
        if self.keyframes and len(missing) < len(GEOMETRY):
            raise ValueError("expected keyframes or a fixed x, y, radius_x and radius_y, got both; send one of them")
        if not self.keyframes and missing:
            raise ValueError(f"expected keyframes (at least one) or a fixed place; missing: {', '.join(missing)}")

    def region(self, index: int, ground: RegionGround) -> Region:
        """The same region as a value; ``index`` is its position in the request."""
        start, end = self._span(ground.rate)
        across = ground.size.width / self.video_width if self.video_width else 1.0
        down = ground.size.height / self.video_height if self.video_height else 1.0
        return Region(
            index=index,
            start=start,
            end=end,
            **region_tracks(self._keys(index, ground.rate, start), ground, self.color, (across, down)),
            opacity=self.opacity,
            exit_fade=self.exit_fade,
        )

    def _span(self, rate: Fraction) -> tuple[Fraction, Fraction]:
        if self.start_frame is not None and self.end_frame is not None:
            return self.start_frame / rate, (self.end_frame + 1) / rate
        assert self.start_time is not None
        assert self.end_time is not None
        return self.start_time, self.end_time

    def _keys(self, index: int, rate: Fraction, start: Fraction) -> list[tuple[Fraction, RegionKeyframe]]:
        if self.keyframes:
            return timed(self.keyframes, rate, f"highlight_regions.{index}: ")
        place = {name: getattr(self, name) for name in GEOMETRY}
        return [(start, RegionKeyframe(time=start, **place))]


def timed(keyframes: Iterable[RegionKeyframe], rate: Fraction, of: str = "") -> list[tuple[Fraction, RegionKeyframe]]:
    """The keyframes with their exact times."""
    return [(key.seconds(rate, number, of), key) for number, key in enumerate(keyframes)]


def region_tracks(
    keys: list[tuple[Fraction, RegionKeyframe]],
    ground: RegionGround,
    colour: str | None = None,
    scale: tuple[float, float] = (1.0, 1.0),
) -> RegionTracks:
    """The tracks of a region through its keyframes, each made of those that carry its property."""

    def track(values: Iterable[tuple[Fraction, float | None]], default: float = 0.0) -> Track:
        carried: list[Key] = [(time, value) for time, value in values if value is not None]
        return Track(carried, ground.blend, default=default, tolerance=ground.tolerance)

    across, down = scale
    painted = [(time, None if key.color is None else _as_number(key.color)) for time, key in keys]
    held = [(time, number) for time, number in painted if number is not None]
    return {
        "x": track((time, key.x * across) for time, key in keys),
        "y": track((time, key.y * down) for time, key in keys),
        "radius_x": track((time, key.radius_x * across) for time, key in keys),
        "radius_y": track((time, key.radius_y * down) for time, key in keys),
        "stroke_opacity": track(((time, key.either("stroke_opacity")) for time, key in keys), ground.stroke_opacity),
        "fill_opacity": track(((time, key.either("fill_opacity")) for time, key in keys), ground.fill_opacity),
        "colour": Track(held, Blend.HOLD, default=_as_number(colour or ground.colour), tolerance=ground.tolerance),
    }


def keyframe_list(value: Any, field: str) -> Any:
    """No keyframes for null; more than a track may have are refused before they are read."""
    if isinstance(value, list | tuple) and len(value) > MOST_KEYFRAMES:
        raise LimitExceededError(f"{field}: at most {MOST_KEYFRAMES} keyframes a track, got {len(value)}")
    return () if value is None else value


def _as_number(colour: str) -> float:
    return float(int(colour[1:], 16))


def _above_zero(value: float) -> float:
    if value <= 0:
        raise ValueError(f"expected more than 0 px, got {value:g}")
    return value
