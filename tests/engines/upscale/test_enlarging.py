from collections.abc import Callable

import pytest
from tests.engines.upscale.nets import compact, dense, torch

from clipmill.engines.upscale.enlarging import SIDE_ON_PROCESSOR, Enlarger
from clipmill.errors import GpuOutOfMemoryError, OutOfMemoryError
from clipmill.media.geometry import Size

LEVEL = 1 / 255
PLENTY = 1 << 40


def enlarger(network, side: int = 4096, free: int = PLENTY) -> Enlarger:
    made = Enlarger(network, lambda _place: free)
    made._side = side
    return made


def smooth(rows: int, columns: int, seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    rough = torch.rand(1, 3, rows // 8 + 1, columns // 8 + 1)
    return torch.nn.functional.interpolate(rough, (rows, columns), mode="bilinear", align_corners=True)


def fails(fault: type[BaseException]) -> Callable[[], object]:
    def fail() -> None:
        raise fault("no room")

    return fail


def takes_too_much() -> None:
    """What no machine has, asked of the processor's own allocator."""
    torch.empty(1 << 44)


class Scarce(torch.nn.Module):
    """A network on a device without room for more than so many samples at a time."""

    reach, values_per_sample = 0, 1

    def __init__(self, most: int, refuse: Callable[[], object] | None = None) -> None:
        super().__init__()
        self.weight, self.most, self.refuse = (
            torch.nn.Parameter(torch.zeros(1)),
            most,
            refuse or fails(torch.OutOfMemoryError),
        )

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        if len(picture) * picture.shape[-1] * picture.shape[-2] > self.most:
            self.refuse()
        return picture.repeat_interleave(4, -1).repeat_interleave(4, -2)


@pytest.mark.parametrize("network", [compact, dense])
def test_tiles_show_no_seams(network):
    picture = smooth(70, 90)
    whole = enlarger(network()).enlarged(picture)
    assert whole.shape == (1, 3, 280, 360)
    assert (enlarger(network(), side=32).enlarged(picture) - whole).abs().max() < LEVEL


def test_tiles_of_a_compact_network_see_all_that_it_looks_at():
    rough = torch.rand(1, 3, 40, 40)
    whole = enlarger(compact()).enlarged(rough)
    assert (enlarger(compact(), side=16).enlarged(rough) - whole).abs().max() < LEVEL / 4


def test_pictures_in_a_batch_come_out_as_they_do_alone():
    both = torch.cat((smooth(24, 30, 1), smooth(24, 30, 2)))
    made = enlarger(compact())
    alone = torch.cat([made.enlarged(each[None]) for each in both])
    assert (made.enlarged(both) - alone).abs().max() < LEVEL / 4


@pytest.mark.parametrize("precision", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("network", [compact, dense])
def test_half_precision_stays_near_full(network, precision):
    picture = smooth(24, 32)
    whole = enlarger(network()).enlarged(picture)
    half = enlarger(network().to(precision)).enlarged(picture)
    assert (half - whole).abs().mean() < LEVEL
    assert (half - whole).abs().max() < (LEVEL if precision is torch.float16 else 3 * LEVEL)


def test_a_tile_that_does_not_fit_is_halved_and_its_size_remembered():
    made = enlarger(Scarce(200 * 200), side=600)
    picture = torch.rand(1, 3, 300, 620)
    large = made.enlarged(picture)
    assert made.side == 150
    assert torch.equal(large[..., ::4, ::4], picture.half())


def on_card(network, side: int, most: int = 8) -> Enlarger:
    """Believes that it draws on a card."""
    made = enlarger(network, side)
    made.place, made._most = torch.device("cuda"), most
    return made


@pytest.mark.parametrize(("side", "pictures"), [(1000, 8), (300, 5), (200, 2), (100, 1), (10, 1)])
def test_a_card_is_given_as_many_pictures_as_go_into_the_memory_of_a_tile(side, pictures):
    assert on_card(Scarce(1), side).at_once(Size(160, 100)) == pictures


def test_a_processor_is_given_one_picture_after_the_other():
    assert enlarger(Scarce(1)).at_once(Size(16, 10)) == 1


def test_a_batch_that_does_not_fit_is_halved_before_the_tiles_are():
    made = enlarger(Scarce(2 * 30 * 40), side=200)
    pictures = torch.rand(7, 3, 30, 40)
    large = made.enlarged(pictures)
    assert made.side == 200
    assert made._most <= 2
    assert torch.equal(large[..., ::4, ::4], pictures.half())


@pytest.mark.parametrize(
    ("place", "refuse", "error"),
    [
        ("cuda", fails(torch.OutOfMemoryError), GpuOutOfMemoryError),
        ("cpu", fails(MemoryError), OutOfMemoryError),
        ("cpu", takes_too_much, OutOfMemoryError),
    ],
)
def test_out_of_memory_on_the_smallest_tile_is_told_and_never_retried(place, refuse, error):
    made = enlarger(Scarce(50 * 50, refuse))
    made.place = torch.device(place)
    with pytest.raises(error, match="a tile of 128 pixels of a 300x200 picture") as raised:
        made.enlarged(torch.rand(1, 3, 200, 300))
    assert not raised.value.retryable


def test_any_other_fault_of_a_network_is_not_taken_for_a_lack_of_memory():
    for fault in (ZeroDivisionError, RuntimeError):
        with pytest.raises(fault):
            enlarger(Scarce(10, fails(fault))).enlarged(torch.rand(1, 3, 8, 8))


def test_tiles_are_as_large_as_the_memory_allows():
    sides = [Enlarger(dense(features=64), lambda _place, free=free: free).side for free in (0, 1 << 29, PLENTY)]
    assert sides[0] == 128
    assert sides == sorted(sides)
    assert sides[-1] <= SIDE_ON_PROCESSOR
