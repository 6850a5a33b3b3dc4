"""A reader of ranges: equal to the file, frugal with bytes and requests, bounded in memory."""

import io
import os
import tracemalloc
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipmill.errors import StorageUnavailableError
from clipmill.storage.folder import FolderStore
from clipmill.storage.pieces import fetch_in_pieces
from clipmill.storage.reader import RangedReader, open_object
from clipmill.storage.runs import BLOCK_BYTES

MIB = 1024 * 1024
DATA = os.urandom(5 * MIB + 12_345)


class CountingStore(FolderStore):
    """A folder that gives ranges only, and remembers them."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.ranges: list[tuple[int, int]] = []

    def local_path(self, key: str) -> Path | None:
        return None

    def read_range(self, key: str, start: int, length: int, etag: str | None = None) -> bytes:
        self.ranges.append((start, length))
        return super().read_range(key, start, length, etag)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store")
    (path / "a.bin").write_bytes(DATA)
    return path


@pytest.fixture
def store(folder: Path) -> CountingStore:
    return CountingStore(folder)


class TestLikeAFile:
    @settings(max_examples=40, deadline=None)
    @given(
        moves=st.lists(
            st.one_of(
                st.tuples(st.just("read"), st.integers(-1, 3 * BLOCK_BYTES)),
                st.tuples(st.just("set"), st.integers(0, len(DATA) + 10)),
                st.tuples(st.just("end"), st.integers(-len(DATA), 10)),
                st.tuples(st.just("skip"), st.integers(0, 100_000)),
            ),
            max_size=12,
        )
    )
    def test_every_walk_reads_the_same_bytes(self, folder, moves):
        whence = {"set": io.SEEK_SET, "end": io.SEEK_END, "skip": io.SEEK_CUR}
        with io.BytesIO(DATA) as expected, RangedReader(CountingStore(folder), "a.bin") as file:
            for move, amount in moves:
                if move == "read":
                    assert file.read(amount) == expected.read(amount)
                else:
                    assert file.seek(amount, whence[move]) == expected.seek(amount, whence[move])
                assert file.tell() == expected.tell()

    def test_there_is_nothing_before_the_start(self, store):
        with RangedReader(store, "a.bin") as file, pytest.raises(ValueError, match="begins at 0"):
            file.seek(-1)

    def test_a_closed_reader_reads_no_more(self, store):
        file = RangedReader(store, "a.bin")
        file.close()
        with pytest.raises(ValueError, match="closed"):
            file.read(1)

    def test_it_can_read_and_seek_and_not_write(self, store):
        with RangedReader(store, "a.bin") as file:
            assert (file.readable(), file.seekable(), file.writable()) == (True, True, False)
            assert file.name == "a.bin"

    def test_an_empty_object_has_no_bytes(self, store, folder):
        (folder / "empty.bin").write_bytes(b"")
        with RangedReader(store, "empty.bin") as file:
            assert file.read() == b""
        assert store.ranges == []

    def test_a_store_that_gives_too_little_is_an_error(self, store, monkeypatch):
        monkeypatch.setattr(store, "read_range", lambda *_: b"short")
        with RangedReader(store, "a.bin") as file, pytest.raises(StorageUnavailableError, match="5 bytes"):
            file.read(10)

    def test_a_file_of_this_machine_is_opened_as_it_is(self, folder):
        with open_object(FolderStore(folder), "a.bin") as file:
            assert isinstance(file, io.BufferedReader)
            assert file.read() == DATA


class TestFrugality:
    def test_bytes_read_counts_what_was_fetched(self, store):
        with RangedReader(store, "a.bin") as file:
            file.read(10)
            file.seek(3 * MIB)
            file.read(10)
            assert file.bytes_read == sum(length for _, length in store.ranges) == 4 * BLOCK_BYTES

    def test_a_long_read_in_small_steps_makes_few_requests(self, store):
        with RangedReader(store, "a.bin") as file:
            while file.read(32_768):
                pass
            assert file.bytes_read == len(DATA)
        assert len(store.ranges) <= 5 * len(DATA) / MIB

    def test_two_runs_in_turn_are_both_read_ahead_and_nothing_twice(self, store):
        with RangedReader(store, "a.bin") as file:
            for step in range(0, 2 * MIB, 65_536):
                for run in (0, 5 * MIB // 2):
                    file.seek(run + step)
                    file.read(65_536)
            assert file.bytes_read <= len(DATA)
        assert len(store.ranges) <= 6 * len(DATA) / MIB

    def test_what_was_read_lately_is_not_fetched_again(self, store):
        with RangedReader(store, "a.bin") as file:
            file.read(MIB)
            fetched = file.bytes_read
            for position in range(MIB, 0, -10_000):
                file.seek(position - 1)
                file.read(1)
            assert file.bytes_read == fetched

    def test_a_reader_holds_little_of_a_large_object(self, store, folder):
        with (folder / "large.bin").open("wb") as file:
            file.truncate(96 * MIB)
        with RangedReader(store, "large.bin") as reader:
            tracemalloc.start()
            while reader.read(MIB):
                pass
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < 32 * MIB

    def test_a_download_holds_little_of_a_large_object(self, store, folder, tmp_path):
        with (folder / "large.bin").open("wb") as file:
            file.truncate(256 * MIB)
        tracemalloc.start()
        fetch_in_pieces(lambda start, length: bytes(length), 256 * MIB, tmp_path / "out.bin", None)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 64 * MIB


PICTURE_COUNT = 160


@pytest.fixture(scope="module", params=["moov at the end", "moov at the start"])
def movie(request: pytest.FixtureRequest, folder: Path) -> Path:
    """About 40 MB of motion JPEG: one noisy picture, again and again, each a key frame."""
    path = folder / f"{request.param}.mp4"
    options = {"movflags": "faststart"} if request.param == "moov at the start" else {}
    with av.open(str(path), "w", options=options) as output:
        stream = output.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuvj420p"
        stream.options = {"qmin": "1", "qmax": "1"}
        noise = np.random.default_rng(1).integers(0, 256, (540, 640), dtype=np.uint8)
        frame = av.VideoFrame.from_ndarray(noise, format="yuvj420p")
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        (packet, *_) = [*stream.encode(frame), *stream.encode(None)]
        payload = bytes(packet)
        for number in range(PICTURE_COUNT):
            copy = av.Packet(payload)
            copy.stream, copy.pts, copy.dts, copy.time_base = stream, number, number, Fraction(1, 25)
            copy.duration, copy.is_keyframe = 1, True
            output.mux(copy)
    return path


class TestAMovie:
    """Regression 32: what is read stays near what is needed, wherever the index lies."""

    def test_ten_pictures_cost_their_bytes_and_at_most_four_mebibytes_more(self, store, movie):
        size = movie.stat().st_size
        picture = size // PICTURE_COUNT
        assert size > 25 * MIB
        with RangedReader(store, movie.name) as file, av.open(file) as source:
            stream = source.streams.video[0]
            assert stream.time_base is not None
            source.seek(int(4 / stream.time_base), stream=stream)
            taken = [frame.time for frame, _ in zip(source.decode(stream), range(10), strict=False)]
            assert taken == [4 + number / 25 for number in range(10)]
            assert file.bytes_read <= 10 * picture + 4 * MIB

    def test_a_whole_read_fetches_hardly_anything_twice(self, store, movie):
        with RangedReader(store, movie.name) as file, av.open(file) as source:
            assert sum(1 for packet in source.demux(video=0) if packet.size) == PICTURE_COUNT
            assert file.bytes_read <= movie.stat().st_size + 2 * MIB
        assert len(store.ranges) <= 3 * movie.stat().st_size / MIB

    def test_it_reads_from_a_bucket_as_from_a_file(self, s3_store, movie):
        s3_store.upload(movie, "movie.mp4", "video/mp4")
        with open_object(s3_store, "movie.mp4") as file, av.open(file) as source:
            source.seek(5_000_000)
            assert next(source.decode(video=0)).time == 5
