import tracemalloc
from fractions import Fraction

import numpy as np
import pytest

from clipmill.engines import median
from clipmill.engines.caption_chunks import ChunkFormat, write_chunk
from clipmill.engines.chunk_pictures import ChosenPictures, StoredPictures, decode_chunk
from clipmill.errors import CorruptArtifactError
from clipmill.media.geometry import Size

SIZE = Size(64, 32)


@pytest.fixture(scope="module")
def chunk(tmp_path_factory):
    path = tmp_path_factory.mktemp("chunk") / "chunk_0000.webm"
    planes = [np.full((48, 64), 128, np.uint8) for _ in range(5)]
    for number, frame in enumerate(planes):
        frame[:32] = 16 + 40 * number
    write_chunk(path, planes, ChunkFormat(SIZE, Fraction(10)))
    return path


def test_pictures_come_in_the_order_of_the_chunk(chunk, tmp_path):
    stored = decode_chunk(chunk, SIZE, 5, tmp_path / "raw", threads=1)
    levels = [float(stored.rows(number, 0, 32).mean()) for number in range(5)]
    assert levels == pytest.approx([40 * number * 255 / 219 for number in range(5)], abs=3)
    stored.discard()
    assert not (tmp_path / "raw").exists()


@pytest.mark.parametrize(("size", "count"), [(SIZE, 4), (SIZE, 6), (Size(64, 34), 5)])
def test_a_chunk_of_other_pictures_than_the_manifest_says_is_refused(chunk, tmp_path, size, count):
    with pytest.raises(CorruptArtifactError, match="expected"):
        decode_chunk(chunk, size, count, tmp_path / "raw", threads=1)


def test_what_is_no_chunk_is_refused(tmp_path):
    path = tmp_path / "chunk_0001.webm"
    path.write_bytes(b"nothing" * 100)
    with pytest.raises(CorruptArtifactError, match="chunk_0001"):
        decode_chunk(path, SIZE, 5, tmp_path / "raw", threads=1)


def test_rows_of_chosen_pictures_come_in_the_order_of_the_choice(chunk, tmp_path):
    stored = decode_chunk(chunk, SIZE, 5, tmp_path / "raw", threads=1)
    chosen = ChosenPictures([(stored, 4), (stored, 1)])
    found = chosen.rows(10, 13)
    assert (len(chosen), chosen.shape, found.shape) == (2, (32, 64, 3), (2, 3, 64, 3))
    assert (found[0] == stored.rows(4, 10, 13)).all()
    assert (found[1] == stored.rows(1, 10, 13)).all()


def test_a_median_of_many_large_pictures_needs_the_memory_of_a_stripe(tmp_path, monkeypatch):
    size, count = Size(640, 120), 60
    np.zeros(count * 640 * 120 * 3, np.uint8).tofile(tmp_path / "raw")
    stored = StoredPictures(tmp_path / "raw", size, count)
    chosen = ChosenPictures([(stored, number) for number in range(count)])
    monkeypatch.setattr(median, "STRIPE_BYTES", 10 * 640 * 120 * 3 // 4)
    tracemalloc.start()
    median.median_picture(chosen)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10 * 640 * 120 * 3
