"""Highlights: which players are marked at which times.

*Convention:* times are exact seconds on the video's own clock, ends exclusive; a frame may miss a bound by
``tolerance``. Positions are pixels of the displayed frame of ``size``. Colours are tracks of the number 0xRRGGBB, held.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from clipmill.media.choices import HighlightShape
from clipmill.media.geometry import Size
from clipmill.media.spots import SMALLEST_RADIUS, Ellipse, Look, Spot
from clipmill.media.time import TimeIndex
from clipmill.media.tracks import Track

Span = tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True)
class Region:
    """One player over a range of time; ``index`` is the position in the request."""

    index: int
    start: Fraction
    end: Fraction
    x: Track
    y: Track
    radius_x: Track
    radius_y: Track
    stroke_opacity: Track
    fill_opacity: Track
    colour: Track
    opacity: float = 1.0
    exit_fade: Fraction = Fraction(1, 4)

    def strength(self, t: Fraction) -> float:
        """Opacity with the fade at the end: of a region 0..5 s, a quarter is left at 4.875 s."""
        fade = min(self.exit_fade, (self.end - self.start) / 2)
        left = 1.0 if not fade else min(max(float((self.end - t) / fade), 0.0), 1.0)
        return _share(self.opacity) * left**2

    def ellipse(self, t: Fraction, shape: HighlightShape) -> Ellipse:
        radius_x, radius_y = (max(SMALLEST_RADIUS, track.at(t)) for track in (self.radius_x, self.radius_y))
        body = Ellipse(self.x.at(t), self.y.at(t), radius_x, radius_y)
        return body.on_the_ground() if shape is HighlightShape.GROUND else body

    def spot(self, t: Fraction, look: Look) -> Spot:
        return Spot(
            ellipse=self.ellipse(t, look.shape),
            strength=self.strength(t),
            stroke_opacity=_share(self.stroke_opacity.at(t)),
            fill_opacity=_share(self.fill_opacity.at(t)) if look.filled else 0.0,
            colour=f"#{int(self.colour.at(t)):06X}",
            shape=look.shape,
        )


@dataclass(frozen=True)
class Highlights:
    """All regions of a video and their look."""

    regions: tuple[Region, ...]
    look: Look
    size: Size
    tolerance: Fraction = Fraction(0)

    def spots(self, t: Fraction) -> tuple[Spot, ...]:
        """What is drawn on the frame shown at ``t``, in painting order."""
        spots = (region.spot(t, self.look) for region in self._regions_at(t))
        return tuple(spot for spot in spots if self._shows(spot))

    def active(self, t: Fraction) -> bool:
        """Whether the frame shown at ``t`` changes."""
        return bool(self.spots(t))

    def spans(self) -> list[Span]:
        """The times outside which nothing is drawn, merged and in order; inside them ``active`` knows."""
        windows = sorted(self._window(region) for region in self.regions if self._can_show(region))
        merged: list[Span] = []
        for start, end in windows:
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return merged

    def outside(self, times: Iterable[Fraction]) -> tuple[int, ...]:
        """The indices of the regions that meet none of the frames shown at ``times``."""
        moments = TimeIndex(sorted(times))
        return tuple(sorted(region.index for region in self.regions if not self._meets_any(region, moments)))

    def _meets_any(self, region: Region, moments: TimeIndex) -> bool:
        start, end = self._window(region)
        shown = moments.times[moments.last_at(start) :] if moments.last_at(start) > 0 else moments.times
        for t in shown:
            if t >= end:
                return False
            if t >= start and region.ellipse(t, self.look.shape).meets(self.size, self._reach):
                return True
        return False

    def _window(self, region: Region) -> Span:
        return region.start - self.tolerance, region.end - self.tolerance

    @property
    def _reach(self) -> float:
        return self.look.outline_px(self.size) / 2

    def _can_show(self, region: Region) -> bool:
        drawn = self.look.has_effect or self.look.filled or self.look.stroke_width > 0
        return drawn and region.opacity > 0

    def _shows(self, spot: Spot) -> bool:
        stroked = self.look.stroke_width > 0
        drawn = self.look.has_effect or spot.fill_opacity > 0 or stroked
        return spot.strength > 0 and drawn and spot.ellipse.meets(self.size, self._reach)

    def _regions_at(self, t: Fraction) -> tuple[Region, ...]:
        bounds, between = self._timetable
        return between[bounds.last_at(t) + 1]

    @cached_property
    def _timetable(self) -> tuple[TimeIndex, tuple[tuple[Region, ...], ...]]:
        """Every time at which a region comes or goes, and who is there before, between and after them."""
        ordered = sorted(self.regions, key=lambda region: (region.start, region.index))
        comings: dict[Fraction, list[Region]] = {}
        for region in ordered:
            for bound, coming in zip(self._window(region), ([region], []), strict=True):
                comings.setdefault(bound, []).extend(coming)
        present: list[tuple[Region, ...]] = [()]
        for bound, coming in sorted(comings.items(), key=lambda event: event[0]):
            staying = (region for region in present[-1] if self._window(region)[1] > bound)
            present.append((*staying, *coming))
        return TimeIndex(sorted(comings)), tuple(present)


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)
