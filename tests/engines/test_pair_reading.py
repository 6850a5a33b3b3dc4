import numpy as np
import pytest

from clipmill.engines.pair_models import PairContext
from clipmill.engines.pair_models.model import Frames, Rows
from clipmill.engines.pair_reading import PairReading
from clipmill.errors import ModelOutputInvalidError
from clipmill.media.captions.pairs import Vector
from clipmill.media.captions.region import WHOLE_FRAME
from clipmill.media.geometry import Size

CONTEXT = PairContext(WHOLE_FRAME, Size(8, 8))


class Steps:
    """Says how far two frames lie apart, and remembers how many pairs it was asked at once."""

    name, version, sha256 = "steps", "1", ""

    def __init__(self, bad: float | None = None) -> None:
        self.asked: list[int] = []
        self._bad = bad

    def predict(self, first: Frames, second: Frames, context: PairContext) -> Rows:
        assert context is CONTEXT
        self.asked.append(len(first))
        apart = (second.astype(float) - first).mean(axis=(1, 2, 3)) / 512 + 0.5
        rows = np.stack([apart, 1 - apart, *[np.zeros(len(first))] * 3], axis=1)
        if self._bad is not None:
            rows[-1, 0] = self._bad
        return rows


def read(frames: int, batch: int, model: Steps | None = None) -> PairReading:
    reading = PairReading(model or Steps(), CONTEXT, batch)
    for number in range(frames):
        reading.add(np.full((8, 8, 3), number * 37 % 256, np.uint8))
    reading.finish()
    return reading


@pytest.mark.parametrize("frames", [1, 2, 3, 65, 184])
@pytest.mark.parametrize("batch", [1, 2, 3, 16, 17, 64, 4096])
def test_every_batch_size_gives_the_same_rows_one_fewer_than_frames(frames: int, batch: int):
    """Regression 29."""
    model = Steps()
    reading, whole = read(frames, batch, model), read(frames, frames)
    assert len(reading.forward) == len(reading.backward) == frames - 1
    assert (reading.forward, reading.backward) == (whole.forward, whole.backward)
    assert max(model.asked, default=0) <= batch


def test_backward_is_the_same_model_on_the_pair_turned_round():
    reading = read(4, 2)
    turned: list[Vector] = [(1 - same, same, *rest) for same, _, *rest in reading.forward]
    assert np.allclose(reading.backward, turned)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 2.0])
def test_what_is_no_probability_is_refused_with_its_pair(bad: float):
    """Regression 31."""
    with pytest.raises(ModelOutputInvalidError, match="forward pair 3"):
        read(9, 4, Steps(bad))
