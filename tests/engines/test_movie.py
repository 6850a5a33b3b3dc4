import math
import subprocess
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engines.test_encoders import NOISE
from tests.functions.deliverable import boxes, coded_pictures, sound_span, times
from tests.media.laws import LAW

from clipmill.engines.encoders import VideoFormat
from clipmill.engines.movie import DecodingTimes, MovieWriter
from clipmill.engines.render import encoded
from clipmill.engines.resample import samples
from clipmill.errors import DiskFullError, EncoderFailedError
from clipmill.media.chapters import Chapter
from clipmill.media.choices import Quality
from clipmill.media.geometry import Size

FULL = Path("/dev/full")
NTSC = Fraction(30000, 1001)


def wanted(quality: Quality | None = Quality.DRAFT, fps: Fraction = Fraction(30)) -> VideoFormat:
    return VideoFormat(Size(96, 160), fps, quality, threads=1)


def frames(count: int):
    for number in range(count):
        frame = av.VideoFrame(96, 160, "yuv420p")
        samples(frame, 0)[:] = NOISE[number % 90 : number % 90 + 160, number % 90 : number % 90 + 96]
        samples(frame, 1)[:] = samples(frame, 2)[:] = 128
        frame.pts = number
        yield frame


def tone(seconds: float, channels: int = 2):
    wave = 0.4 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * 48000)) / 48000)
    for block in np.array_split(wave.astype(np.float32), 10):
        yield np.tile(block, (channels, 1))


def movie(path: Path, form: VideoFormat, count: int = 75, pictures=None, sound=None, **more) -> Path:
    with MovieWriter(path, [form], channels=2 if sound else None, **more) as writer:
        writer.write_all(encoded(pictures or frames(count), writer.tracks[0], lambda _: None), sound)
    return path


@pytest.mark.parametrize("quality", [*Quality, None])
@pytest.mark.parametrize("fps", [Fraction(25), NTSC, Fraction(20000, 1501)], ids=str)
def test_frame_k_is_shown_at_k_frames(tmp_path, quality, fps):
    path = movie(tmp_path / "movie.mp4", wanted(quality, fps))
    assert times(path) == [number / fps for number in range(75)]


def test_the_index_stands_in_front_of_the_pictures(tmp_path):
    names = boxes(movie(tmp_path / "movie.mp4", wanted(), sound=tone(2.5)))
    assert names.index("moov") < names.index("mdat")


def test_pictures_are_tagged_as_bt_709_limited_in_stream_and_container(tmp_path):
    path = movie(tmp_path / "movie.mp4", wanted())
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        assert (frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range) == (1, 1, 1, 1)
        assert (container.streams.video[0].codec_context.name, frame.format.name) == ("h264", "yuv420p")
    # colr: nclx, primaries 1, transfer 1, matrix 1, full range flag off.
    assert b"colrnclx" + bytes([0, 1, 0, 1, 0, 1, 0]) in path.read_bytes()


@pytest.mark.parametrize("quality", [Quality.DRAFT, Quality.HIGH, None])
def test_picture_and_sound_start_at_zero_and_end_together(tmp_path, quality):
    path = movie(tmp_path / "movie.mp4", wanted(quality), sound=tone(2.5))
    start, end = sound_span(path)
    assert coded_pictures(path)[0].time == 0
    assert start == 0
    assert abs(end - Fraction(5, 2)) <= Fraction(1024, 48000)


@pytest.mark.parametrize("channels", [1, 2])
def test_sound_is_aac_lc_at_48_khz_and_keeps_its_channels(tmp_path, channels):
    with MovieWriter(tmp_path / "movie.mp4", [wanted()], channels=channels) as writer:
        pictures = encoded(frames(30), writer.tracks[0], lambda _: None)
        writer.write_all(pictures, tone(1, channels))
    with av.open(str(tmp_path / "movie.mp4")) as container:
        stream = container.streams.audio[0]
        told = (stream.codec_context.name, stream.profile, stream.rate, stream.channels)
        assert told == ("aac", "LC", 48000, channels)


@pytest.mark.parametrize(
    "title",
    [
        "a=b;c#d \"quoted\" 'too' 100% 🎉",
        r"back\slash, [brackets] & <tags>: 1:2",
        "Ünïcödé – 日本語 – עברית",
        "x" * 255,
        "=;#\\",
    ],
)
def test_a_title_reads_back_as_it_was_written(tmp_path, title):
    marks = [Chapter(0, title, 0, 1033), Chapter(1, "Clip 2", 1033, 2500)]
    path = movie(tmp_path / "movie.mp4", wanted(), chapters=marks)
    with av.open(str(path)) as container:
        read = container.chapters()
    assert [mark["metadata"]["title"] for mark in read] == [title, "Clip 2"]
    edges = [[math.ceil(mark[edge] * mark["time_base"] * 1000) for edge in ("start", "end")] for mark in read]
    assert edges == [[0, 1033], [1033, 2500]]
    assert boxes(path).index("moov") < boxes(path).index("mdat")


def test_a_file_without_chapters_has_none(tmp_path):
    with av.open(str(movie(tmp_path / "movie.mp4", wanted()))) as container:
        assert container.chapters() == []


def test_the_comment_reads_back(tmp_path):
    with av.open(str(movie(tmp_path / "movie.mp4", wanted(), comment='{"a": "b=c"}'))) as container:
        assert container.metadata["comment"] == '{"a": "b=c"}'


def failing(after: int):
    yield from frames(after)
    raise ZeroDivisionError("in the middle")


@pytest.mark.parametrize("after", [0, 1, 40])
@pytest.mark.parametrize("quality", [Quality.DRAFT, Quality.HIGH])
def test_a_fault_in_the_middle_leaves_no_file_and_is_told_as_it_was(tmp_path, after, quality):
    with pytest.raises(ZeroDivisionError, match="in the middle"):
        movie(tmp_path / "movie.mp4", wanted(quality), pictures=failing(after))
    assert list(tmp_path.iterdir()) == []


def test_a_fault_in_the_sound_leaves_no_file(tmp_path):
    def torn():
        yield np.zeros((2, 4800), np.float32)
        raise ZeroDivisionError("in the sound")

    with pytest.raises(ZeroDivisionError, match="in the sound"):
        movie(tmp_path / "movie.mp4", wanted(), sound=torn())
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 KiB."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", tmp_path]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a file system")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def test_a_disk_that_fills_up_on_the_way_is_told_and_left_empty(small_disk):
    with pytest.raises(DiskFullError):
        movie(small_disk / "movie.mp4", wanted(None), count=60)
    assert list(small_disk.iterdir()) == []


@pytest.mark.skipif(not FULL.exists(), reason="this machine has no device that is always full")
def test_a_full_disk_is_told_as_one_and_leaves_no_file(tmp_path):
    path = tmp_path / "movie.mp4"
    path.symlink_to(FULL)
    with pytest.raises(DiskFullError, match=r"movie\.mp4"):
        movie(path, wanted())
    assert not path.is_symlink()


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(EncoderFailedError, match=r"movie\.mp4"):
        movie(tmp_path / "nowhere" / "movie.mp4", wanted())


# When packets are decoded


@st.composite
def orders(draw):
    """Uneven display times in a decoding order, the first picture first, and how far it runs ahead."""
    steps = draw(st.lists(st.integers(1, 9), min_size=1, max_size=14))
    shown = [sum(steps[:place]) for place in range(len(steps))]
    order = [shown[0], *draw(st.permutations(shown[1:]))]
    return order, max(place - shown.index(time) for place, time in enumerate(order))


def decoded_at(order, reordering, interval=5) -> list[int]:
    decoding = DecodingTimes(reordering, interval)
    return [decoding.of(time) for time in order]


@LAW
@given(orders(), st.integers(0, 3))
def test_packets_are_decoded_one_after_the_other_and_none_after_it_is_shown(order, more):
    times, reordering = order
    decoded = decoded_at(times, reordering + more)
    assert all(before < after for before, after in pairwise(decoded))
    assert all(early <= shown for early, shown in zip(decoded, times, strict=True))


@LAW
@given(orders())
def test_an_order_that_runs_further_ahead_than_told_is_an_error(order):
    times, reordering = order
    if reordering:
        with pytest.raises(EncoderFailedError, match="runs more than"):
            decoded_at(times, reordering - 1)


@pytest.mark.parametrize(
    ("order", "reordering", "decoded"),
    [
        ([0, 10, 20, 30], 0, [0, 10, 20, 30]),
        ([0, 30, 10, 20, 60, 40, 50], 1, [-10, 0, 10, 20, 30, 40, 50]),
        ([0, 40, 20, 10, 30], 2, [-20, -10, 0, 10, 20]),
        ([0, 1, 7, 8, 30], 1, [-10, 0, 1, 7, 8]),
        ([100, 110], 1, [90, 100]),
    ],
    ids=["in order", "two between", "a pyramid", "uneven", "late start"],
)
def test_a_packet_is_decoded_when_the_picture_that_many_places_back_is_shown(order, reordering, decoded):
    assert decoded_at(order, reordering, 10) == decoded
