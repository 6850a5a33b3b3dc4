"""Draw the highlights of one moment on a picture on a device."""

from dataclasses import replace
from functools import reduce

import torch
from torch import Tensor

from clipmill.engines.blend import BLACK
from clipmill.engines.device.blur import blurred
from clipmill.engines.device.clipping import beyond_white
from clipmill.engines.device.ellipses import EllipseMap, six_sample_mean
from clipmill.engines.device.mixture import DeviceMixture
from clipmill.engines.device.planes import DevicePlanes
from clipmill.engines.overlay.canvas import Grid, Patch
from clipmill.engines.overlay.spot_stamps import reach_of
from clipmill.media.choices import Effect
from clipmill.media.geometry import Size
from clipmill.media.spots import Look, Spot

Planes3 = tuple[Tensor, Tensor, Tensor]


def highlighted(picture: DevicePlanes, spots: tuple[Spot, ...], look: Look, frame: Size, grid: Grid) -> DevicePlanes:
    """A picture of its own, with the effect and the paint of some spots; ``frame`` is the displayed one."""
    strongest = max(spot.strength for spot in spots)
    twin = blurred(picture, grid, look.sigma_px(frame)) if look.effect is Effect.BLUR else None
    drawn = _surroundings(picture.all, look, strongest, twin)
    patches = [grid.around(spot.ellipse, reach_of(spot, look, frame)) for spot in spots]
    shown = [(spot, patch) for spot, patch in zip(spots, patches, strict=True) if not patch.is_empty]
    if shown:
        patch = reduce(Patch.joined, (patch for _, patch in shown))
        mixture = _mixture(
            [spot for spot, _ in shown], look, strongest, _Place(frame, grid, patch, picture.luma.device)
        )
        _fill(drawn, picture.all, twin, patch, mixture)
    return replace(picture, luma=drawn[0], blue=drawn[1], red=drawn[2])


class _Place:
    """A patch of a frame on a device."""

    def __init__(self, frame: Size, grid: Grid, patch: Patch, device: torch.device) -> None:
        self.frame, self.grid, self.patch, self.device = frame, grid, patch, device

    def seen_from(self, spot: Spot) -> EllipseMap:
        return EllipseMap.of(spot.ellipse, self.grid, self.patch, self.device)


def _surroundings(planes: Planes3, look: Look, strongest: float, twin: Planes3 | None) -> Planes3:
    """Whole planes the way they look away from every spot."""
    kept = 1 - look.loss * strongest
    luma, blue, red = (
        torch.lerp(old, soft, strongest) if twin is not None else old * kept + black * (1 - kept)
        for black, old, soft in zip(BLACK, planes, twin or planes, strict=True)
    )
    return luma, blue, red


def _mixture(spots: list[Spot], look: Look, strongest: float, place: _Place) -> DeviceMixture:
    seen = [place.seen_from(spot) for spot in spots]
    inside = torch.zeros_like(seen[0].distance)
    if look.has_effect:
        masks = (
            each.soft_mask(look.feather_px(spot.ellipse)) * spot.strength
            for spot, each in zip(spots, seen, strict=True)
        )
        inside = reduce(torch.maximum, masks)
    mixture = DeviceMixture.of(look, strongest, inside)
    for spot, each in zip(spots, seen, strict=True):
        mixture.paint(spot, each, look.stroke_px(place.frame))
    return mixture


def _fill(drawn: Planes3, planes: Planes3, twin: Planes3 | None, patch: Patch, mixture: DeviceMixture) -> None:
    """Draw the patch anew; chroma takes the means of the maps."""
    old = part_of(planes, patch)
    kept, added = _on_planes(mixture.kept), (mixture.added[0], *six_sample_mean(mixture.added[1:]))
    soft = None if twin is None or mixture.blurred is None else (part_of(twin, patch), _on_planes(mixture.blurred))
    spared = None if mixture.gain is None else beyond_white(old, mixture.gain, mixture.kept / mixture.gain)
    for index, (target, black) in enumerate(zip(part_of(drawn, patch), BLACK, strict=True)):
        total = (old[index] - black) * kept[index] + added[index]
        if soft is not None:
            total += (soft[0][index] - black) * soft[1][index]
        if spared is not None:
            total -= spared[index]
        target.copy_(total + black)


def part_of(planes: Planes3, patch: Patch) -> Planes3:
    """The patch of each plane, as views."""
    luma, blue, red = planes
    rows, columns = slice(patch.top // 2, (patch.bottom + 1) // 2), slice(patch.left // 2, (patch.right + 1) // 2)
    return luma[patch.top : patch.bottom, patch.left : patch.right], blue[rows, columns], red[rows, columns]


def _on_planes(luma: Tensor) -> Planes3:
    chroma = six_sample_mean(luma)
    return luma, chroma, chroma
