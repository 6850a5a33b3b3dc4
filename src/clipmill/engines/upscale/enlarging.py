"""Run a network over a picture: whole where the memory is, else tile by tile, with fewer pictures and smaller tiles after each refusal.

Convention: pictures are (batch, 3, rows, columns), R'G'B' in 0..1, on one device. Large ones are kept in half precision, which is an
eighth of a level: a whole frame of them is what takes the most memory.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from clipmill.engines.device.choice import free_memory
from clipmill.engines.upscale.networks import Network
from clipmill.errors import GpuOutOfMemoryError, OutOfMemoryError
from clipmill.media.geometry import Rectangle, Size
from clipmill.media.upscaling import SCALE, SMALLEST_TILE, halved, tiles

BYTES_ON_PROCESSOR = 1 << 30
SIDE_ON_PROCESSOR = 512
"""Smaller tiles draw their margins too often, larger ones leave the caches."""
SHARE_OF_CARD = 0.6
MOST_AT_ONCE = 8
"""Pictures in a batch: more of them do not fill a card any better."""

_ALL = Rectangle(0, 0, 0, 0)


class Enlarger:
    """Enlarges pictures with one network; remembers how many pictures and which side of a tile fitted."""

    def __init__(self, network: Network, free: Callable[[torch.device], int] = free_memory) -> None:
        self.network = network
        parameter = next(network.parameters())
        self.place, self.precision = parameter.device, parameter.dtype
        self._side = self._fitting(free(self.place))
        self._most = MOST_AT_ONCE

    @property
    def side(self) -> int:
        """The largest side of a tile, in samples, margin left out."""
        return self._side

    def at_once(self, size: Size) -> int:
        """Into how many pictures of a size the memory of one tile goes; a processor draws one after the other."""
        if self.place.type != "cuda":
            return 1
        side = self._side + 2 * self.network.reach
        return min(max(side * side // (size.width * size.height), 1), self._most)

    def enlarged(self, pictures: Tensor) -> Tensor:
        """The pictures, four times larger along each side."""
        while True:
            try:
                return self._in_tiles(pictures)
            except (RuntimeError, MemoryError) as fault:
                if not _lacks_memory(fault):
                    raise
                if not self._take_less(len(pictures)):
                    raise self._too_small(pictures) from fault
            if self.place.type == "cuda":
                torch.cuda.empty_cache()

    def _take_less(self, pictures: int) -> bool:
        """Whether there is less to draw at once: fewer pictures, or else smaller tiles."""
        if (most := min(pictures, self._most)) > 1:
            self._most = most // 2
            return True
        smaller = halved(self._side)
        self._side = smaller or self._side
        return smaller is not None

    @torch.inference_mode()
    def _in_tiles(self, pictures: Tensor) -> Tensor:
        rows, columns = pictures.shape[-2:]
        large = pictures.new_empty((*pictures.shape[:2], rows * SCALE, columns * SCALE), dtype=torch.float16)
        for some, into in zip(pictures.split(self._most), large.split(self._most), strict=True):
            for tile in tiles(Size(columns, rows), self._side, self.network.reach):
                drawn = self._drawn(cut(some, tile.read))
                _enlarged_part(into, tile.kept, _ALL).copy_(_enlarged_part(drawn, tile.kept, tile.read))
        return large.clamp_(0, 1)

    def _drawn(self, part: Tensor) -> Tensor:
        return self.network(part.to(self.precision, memory_format=torch.channels_last))

    def _fitting(self, free: int) -> int:
        """The largest tile whose values fit into the memory that may be taken."""
        on_card = self.place.type == "cuda"
        room = int(free * SHARE_OF_CARD) if on_card else min(free // 2, BYTES_ON_PROCESSOR)
        samples = room // (self.network.values_per_sample * self.precision.itemsize)
        side = max(int(samples**0.5) - 2 * self.network.reach, SMALLEST_TILE)
        return side if on_card else min(side, SIDE_ON_PROCESSOR)

    def _too_small(self, pictures: Tensor) -> GpuOutOfMemoryError | OutOfMemoryError:
        what = f"a tile of {self._side} pixels of a {pictures.shape[3]}x{pictures.shape[2]} picture"
        if self.place.type == "cuda":
            return GpuOutOfMemoryError(
                f"the card's memory does not hold {what}. Use a larger card, or upscale_model realesr-general-x4v3."
            )
        return OutOfMemoryError(f"the memory of this job does not hold {what}. Raise CLIPMILL_MEMORY_GB.")


def _lacks_memory(fault: Exception) -> bool:
    """Whether a device had no room; PyTorch has no class of its own for what the processor's allocator refuses."""
    return isinstance(fault, torch.OutOfMemoryError | MemoryError) or "DefaultCPUAllocator" in str(fault)


def cut(pictures: Tensor, crop: Rectangle) -> Tensor:
    """A part of pictures, which shares their memory."""
    return pictures[..., crop.top : crop.bottom, crop.left : crop.right]


def _enlarged_part(pictures: Tensor, part: Rectangle, within: Rectangle) -> Tensor:
    """A part of the source in a picture that shows a crop of it enlarged."""
    left, top = SCALE * (part.left - within.left), SCALE * (part.top - within.top)
    return cut(pictures, Rectangle(left, top, SCALE * part.width, SCALE * part.height))
