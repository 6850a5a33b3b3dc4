"""What brightening takes beyond white, on a device.

*Convention:* that of `clipmill.engines.overlay.clipping`: a luma sample is brightened with the chroma of its block, a
chroma sample with each of the six luma samples it stands for; what was above white before stays as it was.
"""

import torch
from torch import Tensor

from clipmill.engines.blend import BLACK
from clipmill.engines.device.ellipses import six_samples
from clipmill.engines.device.matrices import levels_to_rgb, rgb_to_levels


def beyond_white(planes: tuple[Tensor, Tensor, Tensor], gain: Tensor, free: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The levels to take from each plane of a patch; ``free`` is what paint leaves of the brightened picture."""
    luma, blue, red = planes
    rows, columns = luma.shape
    of_block = (_doubled(plane)[:rows, :columns] for plane in (blue, red))
    from_luma = _excess(torch.stack((luma, *of_block)), gain, free)[0]
    from_chroma = torch.zeros_like(torch.stack((blue, red)))
    for weight, seen in six_samples(torch.stack((luma, gain, free))):
        from_chroma += weight * _excess(torch.stack((seen[0], blue, red)), seen[1], seen[2])[1:]
    return from_luma, from_chroma[0], from_chroma[1]


def _excess(levels: Tensor, gain: Tensor, free: Tensor) -> Tensor:
    """What is above white and was not before, as levels."""
    before = levels_to_rgb(levels)
    excess = (before * gain - before.clamp(min=1.0)).clamp_(min=0) * free
    return rgb_to_levels(excess) - levels.new_tensor(BLACK)[:, None, None]


def _doubled(plane: Tensor) -> Tensor:
    return plane.repeat_interleave(2, -1).repeat_interleave(2, -2)
