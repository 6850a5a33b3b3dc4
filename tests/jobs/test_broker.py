"""A child's sources: every byte comes through the broker, once, and no more of them than the function needs."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.jobs.machines import machine

from clipmill.engines.decode import PictureReader
from clipmill.engines.probe import probe, require_video
from clipmill.engines.sound_source import SoundSource
from clipmill.errors import SourceMissingError, StorageUnavailableError, error_from_json
from clipmill.jobs.broker import READY_READ, Broker
from clipmill.jobs.child_context import ANSWERS_KEPT, READ_BYTES, BrokeredFile
from clipmill.jobs.progress import ProgressMeter
from clipmill.media.sound import SAMPLE_RATE
from clipmill.storage.folder import FolderStore

MIB = 1024 * 1024
DATA = Random(2).randbytes(3 * MIB + 777)


class RemoteFolder(FolderStore):
    """A folder that gives ranges only, and remembers them."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.ranges: list[tuple[int, int]] = []

    @property
    def bytes_read(self) -> int:
        return sum(length for _, length in self.ranges)

    def local_path(self, key: str) -> Path | None:
        return None

    def read_range(self, key: str, start: int, length: int, etag: str | None = None) -> bytes:
        self.ranges.append((start, length))
        return super().read_range(key, start, length, etag)


class Child:
    """Asks a broker in this process what a child asks its parent."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.questions: list[dict[str, Any]] = []
        self.bytes_given = 0

    def ask(self, question: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        self.questions.append(question)
        answer, data = self.broker.answer(question)
        self.bytes_given += len(data)
        if "error" in answer:
            raise error_from_json(answer["error"])
        return answer, data

    def open(self, key: str) -> BrokeredFile:
        answer, _ = self.ask({"ask": "open", "key": key})
        return BrokeredFile(self.ask, key, answer["reader"], answer["size"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "team"
    path.mkdir()
    (path / "a.bin").write_bytes(DATA)
    return path.parent


@pytest.fixture
def store(folder: Path) -> RemoteFolder:
    return RemoteFolder(folder)


@contextmanager
def asking(store: RemoteFolder) -> Iterator[Child]:
    broker = Broker(machine(store.root, store), "team", store.root, ProgressMeter("job"), lambda: None)
    try:
        yield Child(broker)
    finally:
        broker.close()


class TestABrokeredFile:
    @settings(max_examples=40, deadline=None)
    @given(
        moves=st.lists(
            st.one_of(
                st.tuples(st.just("read"), st.integers(-1, 2 * READ_BYTES)),
                st.tuples(st.just("set"), st.integers(0, len(DATA) + 10)),
                st.tuples(st.just("end"), st.integers(-len(DATA), 10)),
                st.tuples(st.just("skip"), st.integers(0, 100_000)),
            ),
            max_size=12,
        )
    )
    def test_every_walk_reads_the_bytes_of_the_object(self, folder, moves):
        whence = {"set": io.SEEK_SET, "end": io.SEEK_END, "skip": io.SEEK_CUR}
        with asking(RemoteFolder(folder)) as child, io.BytesIO(DATA) as expected, child.open("a.bin") as file:
            for move, amount in moves:
                if move == "read":
                    assert file.read(amount) == expected.read(amount)
                else:
                    assert file.seek(amount, whence[move]) == expected.seek(amount, whence[move])

    def test_it_goes_by_the_name_that_the_function_asked_for(self, store):
        with asking(store) as child, child.open("a.bin") as file:
            assert file.name == "a.bin"

    def test_what_lies_ready_comes_unasked(self, store):
        with asking(store) as child, child.open("a.bin") as file:
            while file.read(32_768):
                pass
            assert child.bytes_given == len(DATA)
            assert len(child.questions) <= 4 * len(DATA) / READY_READ

    def test_two_places_in_turn_do_not_drive_each_other_out(self, store):
        with asking(store) as child, child.open("a.bin") as file:
            for position in range(0, MIB, 8192):
                for place in (position, position + 2 * MIB):
                    file.seek(place)
                    assert file.read(8192) == DATA[place : place + 8192]
            assert child.bytes_given <= 2 * MIB + 2 * READ_BYTES

    def test_the_child_keeps_a_few_answers_only(self, store):
        with asking(store) as child, child.open("a.bin") as file:
            assert file.read() == DATA
            assert max(question.get("size", 0) for question in child.questions) <= READ_BYTES
            assert sum(len(data) for _, data in file._answers) <= ANSWERS_KEPT * READ_BYTES

    def test_a_source_that_is_not_there_is_said_to_be_missing(self, store):
        with asking(store) as child, pytest.raises(SourceMissingError):
            child.open("b.bin")


class TestOpenings:
    def test_a_source_opened_again_is_fetched_from_memory(self, store):
        with asking(store) as child:
            for _ in range(3):
                with child.open("a.bin") as file:
                    assert file.read() == DATA
        assert store.bytes_read == len(DATA)

    def test_all_openings_see_one_version(self, tmp_path):
        path = tmp_path / "team" / "a.bin"
        path.parent.mkdir()
        path.write_bytes(DATA)
        with asking(RemoteFolder(tmp_path)) as child:
            with child.open("a.bin") as file:
                file.read(10)
            path.write_bytes(DATA[::-1])
            with child.open("a.bin") as file, pytest.raises(StorageUnavailableError, match="replaced"):
                file.read()


SECONDS, RATE = 120, 5


@pytest.fixture(scope="module", params=["moov at the end", "moov at the start"])
def film(request: pytest.FixtureRequest, folder: Path) -> Path:
    """Two minutes and about 45 MB: one noisy picture, again and again, each a key frame, with sound between."""
    path = folder / "team" / f"{request.param}.mp4"
    options = {"movflags": "faststart"} if request.param == "moov at the start" else {}
    with av.open(str(path), "w", options=options) as output:
        picture = output.add_stream("mjpeg", rate=RATE)
        picture.width, picture.height, picture.pix_fmt = 320, 180, "yuvj420p"
        picture.options = {"qmin": "1", "qmax": "1"}
        sound = output.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        noise = np.random.default_rng(1).integers(0, 256, (270, 320), dtype=np.uint8)
        frame = av.VideoFrame.from_ndarray(noise, format="yuvj420p")
        frame.pts, frame.time_base = 0, Fraction(1, RATE)
        (packet, *_) = [*picture.encode(frame), *picture.encode(None)]
        payload = bytes(packet)
        for number in range(SECONDS * RATE):
            copy = av.Packet(payload)
            copy.stream, copy.pts, copy.dts, copy.time_base = picture, number, number, Fraction(1, RATE)
            copy.duration, copy.is_keyframe = 1, True
            output.mux(copy)
            samples = av.AudioFrame.from_ndarray(np.zeros((1, SAMPLE_RATE // RATE), np.float32), "fltp", "mono")
            samples.sample_rate, samples.pts = SAMPLE_RATE, number * SAMPLE_RATE // RATE
            output.mux(sound.encode(samples))
        output.mux(sound.encode(None))
    return path


def heard(source: SoundSource, first: int, count: int) -> int:
    samples = source.samples(first, 1)
    total = 0
    while total < count:
        total += next(samples).shape[1]
    samples.close()
    return total


class TestAClip:
    """Regression 32, every opening of the source counted: probe, picture, sound."""

    def test_ten_seconds_of_a_film_cost_their_bytes_and_at_most_four_mebibytes(self, store, film):
        size = film.stat().st_size
        ten_seconds = size * 10 // SECONDS
        assert ten_seconds + 4 * MIB < size / 4
        with asking(store) as child, child.open(film.name) as file:
            info = probe(file)
            assert info.audio is not None
            times = [80 + Fraction(number, RATE) for number in range(10 * RATE)]
            sights = list(PictureReader(file, require_video(info), threads=1).on_screen(times))
            assert [sight.picture.time for sight in sights] == times
            assert heard(SoundSource(file, info.audio), 80 * SAMPLE_RATE, 10 * SAMPLE_RATE) >= 10 * SAMPLE_RATE
        assert store.bytes_read <= ten_seconds + 4 * MIB

    def test_a_film_examined_again_after_its_samples_were_read_costs_nothing(self, store, film):
        with asking(store) as child, child.open(film.name) as file:
            info = probe(file)
            for _ in PictureReader(file, require_video(info), threads=1).on_screen(
                [Fraction(n) for n in range(20, 80)]
            ):
                pass
            asked = store.bytes_read
            assert asked > 15 * MIB
            assert probe(file) == info
        assert store.bytes_read == asked
