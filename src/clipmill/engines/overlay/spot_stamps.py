"""Spots as stamps: those whose surroundings overlap are drawn as one, so that none darkens another."""

from dataclasses import dataclass

import numpy as np

from clipmill.engines.overlay.canvas import Grid, Patch, Planes3
from clipmill.engines.overlay.clipping import beyond_white
from clipmill.engines.overlay.effects import effect_of
from clipmill.engines.overlay.mask import FloatMap, Rim, rim_of, soft_mask
from clipmill.engines.overlay.stamp import Stamp, stamp_of
from clipmill.engines.overlay.strokes import paint_spot
from clipmill.media.geometry import Size
from clipmill.media.spots import Look, Spot


@dataclass(frozen=True, eq=False)
class SpotStamp:
    """The stamp of a group of spots; with ``gain``, what it takes beyond white is cut off."""

    stamp: Stamp
    gain: FloatMap | None = None
    free: FloatMap | None = None

    def press(self, source: Planes3, target: Planes3, twin: Planes3 | None) -> None:
        spared = None
        if self.gain is not None and self.free is not None:
            spared = beyond_white(source, self.stamp.patch, self.gain, self.free)
        self.stamp.press(source, target, twin, spared)


@dataclass
class _Group:
    patch: Patch
    spots: list[Spot]


def spot_stamps(spots: tuple[Spot, ...], look: Look, frame: Size, grid: Grid) -> tuple[SpotStamp, ...]:
    """The stamps of all spots of a frame; they do not overlap."""
    strongest = max(spot.strength for spot in spots)
    return tuple(_stamped(group, look, frame, grid, strongest) for group in _groups(spots, look, frame, grid))


def _groups(spots: tuple[Spot, ...], look: Look, frame: Size, grid: Grid) -> list[_Group]:
    groups: list[_Group] = []
    for spot in spots:
        joined = _Group(grid.around(spot.ellipse, reach_of(spot, look, frame)), [spot])
        if not joined.patch.is_empty:
            groups = _with(groups, joined)
    return groups


def _with(groups: list[_Group], joined: _Group) -> list[_Group]:
    """The groups and one more, joined with all that it touches; a larger patch may touch more."""
    while touched := [group for group in groups if group.patch.touches(joined.patch)]:
        groups = [group for group in groups if group not in touched]
        patch = joined.patch
        for group in touched:
            patch = patch.joined(group.patch)
        joined = _Group(patch, [spot for group in (*touched, joined) for spot in group.spots])
    return [*groups, joined]


def reach_of(spot: Spot, look: Look, frame: Size) -> float:
    """How far from the ellipse its last trace can be."""
    mask = look.feather_px(spot.ellipse) / 2 if look.has_effect else 0.0
    return max(mask, 0.5 + look.outline_px(frame) / 2)


def _stamped(group: _Group, look: Look, frame: Size, grid: Grid, strongest: float) -> SpotStamp:
    rims = [rim_of(spot.ellipse, grid, group.patch, reach_of(spot, look, frame)) for spot in group.spots]
    mixture = effect_of(look, strongest, _inside(group.spots, rims, look))
    gain = mixture.gain
    for spot, rim in zip(group.spots, rims, strict=True):
        paint_spot(mixture, spot, rim, look.stroke_px(frame))
    return SpotStamp(stamp_of(group.patch, mixture), gain, None if gain is None else mixture.kept / gain)


def _inside(spots: list[Spot], rims: list[Rim], look: Look) -> FloatMap:
    """G = max(s * M) over the spots."""
    inside = np.zeros(rims[0].inside.shape, np.float32)
    if look.has_effect:
        for spot, rim in zip(spots, rims, strict=True):
            weight = rim.spread(soft_mask(rim.distance, look.feather_px(spot.ellipse)))
            weight *= np.float32(spot.strength)
            np.maximum(inside, weight, out=inside)
    return inside
