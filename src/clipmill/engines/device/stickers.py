"""Lay stickers on pictures on a device: stamps that the processor has made, pressed there."""

from dataclasses import dataclass

import torch

from clipmill.engines.device.highlighting import Planes3, part_of
from clipmill.engines.device.planes import DevicePlanes
from clipmill.engines.overlay.canvas import Patch
from clipmill.engines.overlay.stamp import Maps3, Stamp


@dataclass(frozen=True, slots=True, eq=False)
class DeviceStamp:
    """New samples of a patch = ``kept`` * old + ``offsets``."""

    patch: Patch
    kept: Planes3
    offsets: Planes3

    @classmethod
    def of(cls, stamp: Stamp, place: torch.device) -> "DeviceStamp":
        return cls(stamp.patch, _uploaded(stamp.kept, place), _uploaded(stamp.offsets, place))

    def press(self, picture: DevicePlanes, strength: float) -> None:
        """Draw on a picture, in place; a fainter stamp at a smaller ``strength``."""
        for target, kept, offset in zip(part_of(picture.all, self.patch), self.kept, self.offsets, strict=True):
            target.mul_((kept - 1) * strength + 1).add_(offset * strength)


def _uploaded(maps: Maps3, place: torch.device) -> Planes3:
    luma, blue, red = (torch.from_numpy(each).to(place) for each in maps)
    return luma, blue, red
