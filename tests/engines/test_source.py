import io
import os
from pathlib import Path

import av
import av.error
import pytest
from tests.media_factory import Recipe, make_video

from clipmill.engines import source
from clipmill.engines.source import open_container
from clipmill.errors import (
    CorruptMediaError,
    InvalidMediaError,
    SourceMissingError,
    StorageUnavailableError,
    UnsupportedCodecError,
)

UNFINISHED = b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + b"\0\0\0\x40mdat" + bytes(56)
"""What a recorder leaves that never came to write its index."""


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return make_video(tmp_path_factory.mktemp("video") / "video.mp4", Recipe(size=(320, 180), frames=10))


def frames_in(media):
    with open_container(media) as container:
        return sum(1 for _ in container.decode(video=0))


def open_descriptors():
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counts, does not walk


class BrokenReader(io.BytesIO):
    """Fails like a store that goes away."""

    def __init__(self, data: bytes, good_reads: int) -> None:
        super().__init__(data)
        self._left = good_reads

    def read(self, size=-1):
        self._left -= 1
        if self._left < 0:
            raise StorageUnavailableError("the store went away")
        return super().read(size)


@pytest.mark.parametrize(
    "name",
    [
        "http:x.mp4",
        "concat:a.mp4|b.mp4",
        "pipe:0",
        "100%d.mp4",
        "-i.mp4",
        "no extension",
        "list.m3u8",
        "Tor \N{SOCCER BALL}.txt",
    ],
)
def test_a_file_is_read_whatever_its_name(video, tmp_path, name):
    odd = tmp_path / name
    odd.write_bytes(video.read_bytes())
    assert frames_in(odd) == 10


def test_a_reader_gives_the_same_frames_as_a_file(video):
    assert frames_in(io.BytesIO(video.read_bytes())) == frames_in(video)


def test_a_reader_may_stand_anywhere_and_stays_open(video):
    reader = io.BytesIO(video.read_bytes())
    reader.seek(1234)
    assert frames_in(reader) == frames_in(reader) == 10
    assert not reader.closed


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts descriptors in /proc")
def test_a_file_is_closed_again_even_when_reading_fails(video, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(UNFINISHED)
    before = open_descriptors()
    frames_in(video)
    with pytest.raises(CorruptMediaError):
        frames_in(broken)
    assert open_descriptors() == before


@pytest.mark.parametrize("good_reads", [0, 1])
def test_what_a_reader_raises_comes_through_as_it_is(video, good_reads):
    with pytest.raises(StorageUnavailableError, match="the store went away"):
        frames_in(BrokenReader(video.read_bytes(), good_reads))


def test_a_file_that_is_not_there_is_a_missing_source(tmp_path):
    with pytest.raises(SourceMissingError, match=r"gone\.mp4"):
        frames_in(tmp_path / "gone.mp4")


def test_a_folder_is_a_missing_source(tmp_path):
    with pytest.raises(SourceMissingError):
        frames_in(tmp_path)


def test_a_video_without_its_index_is_corrupt_and_named(tmp_path):
    cut = tmp_path / "half written.mp4"
    cut.write_bytes(UNFINISHED)
    with pytest.raises(CorruptMediaError, match=r"^half written\.mp4: "):
        frames_in(cut)


def test_what_is_no_media_is_refused_with_its_name(tmp_path):
    page = tmp_path / "error page.mp4"
    page.write_text("<html><title>404</title></html>")
    with pytest.raises(InvalidMediaError, match=r"^error page\.mp4: .*an HTML page"):
        frames_in(page)


def test_an_unreadable_header_that_speaks_of_encryption_is_called_encrypted(tmp_path):
    locked = tmp_path / "locked.mp4"
    locked.write_bytes(UNFINISHED + b"\0\0\0\x20pssh" + bytes(24))
    with pytest.raises(UnsupportedCodecError, match="encrypted"):
        frames_in(locked)


def test_a_title_in_an_unknown_encoding_does_not_stand_in_the_way(tmp_path):
    path = tmp_path / "titled.mkv"
    with av.open(str(path), "w", format="matroska") as output:
        output.metadata["title"] = "TITLE"
        stream = output.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 64
        output.mux([*stream.encode(av.VideoFrame(64, 64)), *stream.encode(None)])
    path.write_bytes(path.read_bytes().replace(b"TITLE", b"T\xff\xfeLE"))
    with open_container(path) as container:
        assert container.metadata["title"].startswith("T")


def test_a_decoder_makes_no_room_for_a_picture_beyond_the_limit(video, monkeypatch):
    monkeypatch.setattr(source, "MOST_PIXELS", 320 * 180 - 1)
    with pytest.raises(av.error.FFmpegError):
        frames_in(video)
