"""Chunks as a player meets them: by a demuxer, packet by packet, and picture by picture."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from tests.engines.footage import MEDIA, needs_footage

from clipmill.engines import caption_chunks
from clipmill.engines.caption_chunks import Chunk, ChunkFormat, ChunkWriter, Pixels, check_chunk, write_chunk
from clipmill.engines.caption_frames import CaptionFrames
from clipmill.engines.probe import probe, require_video
from clipmill.errors import DiskFullError, EncodeFailedError
from clipmill.media.captions.levels import LEVELS, every_chunk, frames_in_level, locate
from clipmill.media.captions.region import CropRegion, pixel_rect
from clipmill.media.geometry import Size

SIZE = Size(64, 16)
BITS = 10
USUAL = ChunkFormat(SIZE, Fraction(10))


def counter(number: int) -> Pixels:
    """A picture that says its number in bars of 6 columns."""
    planar = np.full((SIZE.height * 3 // 2, SIZE.width), 128, np.uint8)
    for bit in range(BITS):
        planar[: SIZE.height, 6 * bit : 6 * bit + 6] = 225 if number >> bit & 1 else 25
    planar[: SIZE.height, 6 * BITS :] = 25
    return planar


def counted(frame: av.VideoFrame) -> int:
    luma = frame.to_ndarray()[: SIZE.height]
    return sum(int(luma[4:12, 6 * bit + 2 : 6 * bit + 4].mean() > 125) << bit for bit in range(BITS))


def written(folder: Path, count: int, form: ChunkFormat = USUAL, workers: int = 2) -> list[Chunk]:
    with ChunkWriter(folder.joinpath, form, workers) as writer:
        for number in range(count):
            writer.add(counter(number))
        return writer.finish()


@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 511, 512, 513])
def test_every_frame_is_in_every_level_that_holds_it_once_and_at_its_place(count: int, tmp_path: Path):
    """Regressions 6, 7, 8 and 9."""
    chunks = written(tmp_path, count)
    expected = list(every_chunk(count)) if count else []
    assert [(one.facts.level, one.facts.number, one.facts.frames) for one in chunks] == [
        (one.level, one.number, one.frames) for one in expected
    ]
    for chunk in chunks:
        check_chunk(chunk.path, len(chunk.facts.frames), Fraction(10))
        with av.open(str(chunk.path)) as container:
            stream = container.streams.video[0]
            assert (stream.width, stream.height, stream.average_rate) == (SIZE.width, SIZE.height, 10)
            assert [counted(frame) for frame in container.decode(stream)] == list(chunk.facts.frames)
    for level in LEVELS:
        shown = [frame for one in chunks if one.facts.level == level for frame in one.facts.frames]
        assert shown == list(range(0, count, level))
        assert len(shown) == (frames_in_level(count, level) if count else 0)


def test_a_chunk_is_what_the_contract_says_of_it(tmp_path: Path):
    chunks = written(tmp_path, 40)
    whole = next(one for one in chunks if (one.facts.level, one.facts.number) == (1, 0))
    with av.open(str(whole.path)) as container:
        (stream,) = container.streams
        context = stream.codec_context
        assert (context.name, context.pix_fmt, context.profile) == ("vp9", "yuv420p", "Profile 0")
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert [packet.pts * packet.time_base for packet in packets] == [Fraction(at, 10) for at in range(32)]
        assert [packet.is_keyframe for packet in packets] == [True] + [False] * 31
        assert abs(Fraction(container.duration, av.time_base) - Fraction(32, 10)) <= Fraction(1, 1000)
    data = whole.path.read_bytes()
    # The element in which a player looks up where to begin after a seek, named in the list in front of the file.
    assert data.count(b"\x1c\x53\xbb\x6b") >= 2
    assert whole.facts.bytes == len(data)


@pytest.mark.parametrize("k", [0, 1, 16, 17, 31, 32, 33, 39])
def test_a_seek_to_the_middle_of_a_frame_shows_that_frame_in_every_level(
    k: int, tmp_path_factory: pytest.TempPathFactory
):
    """Regressions 9 and 10."""
    chunks = written(tmp_path_factory.mktemp("chunks"), 40)
    for level in (level for level in LEVELS if k % level == 0):
        place = locate(k, level)
        chunk = next(one for one in chunks if (one.facts.level, one.facts.number) == (level, place.chunk))
        time = place.seek_time(Fraction(10))
        with av.open(str(chunk.path)) as container:
            stream = container.streams.video[0]
            container.seek(int(time / stream.time_base), stream=stream)
            shown = [frame for frame in container.decode(stream) if frame.pts * stream.time_base <= time]
        assert counted(shown[-1]) == k


@pytest.mark.parametrize("rate", [Fraction(1), Fraction(25, 2), Fraction(30000, 1001), Fraction(60)])
def test_times_hold_at_any_rate(rate: Fraction, tmp_path: Path):
    form = replace(USUAL, rate=rate)
    for chunk in written(tmp_path, 33, form):
        check_chunk(chunk.path, len(chunk.facts.frames), rate)


def test_equal_frames_make_equal_bytes_however_many_workers_there_are(tmp_path: Path):
    digests: list[list[str]] = []
    for workers in (1, 4):
        folder = tmp_path / str(workers)
        folder.mkdir()
        digests.append([one.facts.sha256 for one in written(folder, 70, workers=workers)])
    assert digests[0] == digests[1]
    assert len(digests[0]) == 3 + 1 + 1


def test_a_chunk_that_a_player_could_not_seek_in_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.webm"
    pictures = [counter(at) for at in range(20)]
    write_chunk(path, pictures, USUAL)
    with pytest.raises(EncodeFailedError, match="expected 21 packets, got 20"):
        check_chunk(path, 21, Fraction(10))
    with pytest.raises(EncodeFailedError, match=r"packet 1 at 0\.08 s, got 0\.1"):
        check_chunk(path, 20, Fraction(25, 2))
    monkeypatch.setattr(caption_chunks, "FRAMES_PER_CHUNK", 4)
    write_chunk(path, pictures, USUAL)
    with pytest.raises(EncodeFailedError, match="got packet 8 as another one"):
        check_chunk(path, 20, Fraction(10))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(EncodeFailedError, match=r"a\.webm"):
        check_chunk(path, 20, Fraction(10))


@pytest.mark.parametrize("count", [40, 400])
def test_a_chunk_that_fails_for_good_fails_the_run(count: int, tmp_path: Path):
    """Regression 11."""
    with pytest.raises(EncodeFailedError, match=r"modulo_\d+-chunk_\d{4}\.webm: the encoder gave up"):
        written(tmp_path / "nowhere", count)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no file that is always full")
def test_a_disk_that_is_full_is_told_as_that(tmp_path: Path):
    (tmp_path / "a.webm").symlink_to("/dev/full")
    with pytest.raises(DiskFullError):
        write_chunk(tmp_path / "a.webm", [counter(0)], USUAL)


def test_frames_that_wait_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    waiting: list[int] = []
    writer = ChunkWriter(tmp_path.joinpath, USUAL, 1)
    encode = caption_chunks.write_chunk

    def slow(path: Path, pictures: list[Pixels], form: ChunkFormat) -> None:
        waiting.append(sum(not each.done() for each in writer._written))
        encode(path, pictures, form)

    monkeypatch.setattr(caption_chunks, "write_chunk", slow)
    with writer:
        for number in range(400):
            writer.add(counter(number))
        writer.finish()
    assert max(waiting) <= 3


@needs_footage
def test_captions_on_real_pictures_keep_36_decibels(tmp_path: Path):
    path = MEDIA / "footage/sport/soccer_juggle_720p.mp4"
    video = require_video(probe(path))
    band = pixel_rect(CropRegion(0.3, 0.75, 0.7, 0.9), video.displayed)
    pictures = [frame.planar for frame in CaptionFrames(path, video, band, Fraction(10), 32, 1).frames()]
    write_chunk(tmp_path / "a.webm", pictures, ChunkFormat(band.size, Fraction(10)))
    with av.open(str(tmp_path / "a.webm")) as container:
        shown = [frame.to_ndarray()[: band.height].astype(float) for frame in container.decode(video=0)]
    wrong = [np.mean((one - other[: band.height]) ** 2) for one, other in zip(shown, pictures, strict=True)]
    assert np.mean(10 * np.log10(255**2 / np.array(wrong))) >= 36


def test_no_descriptor_stays_open_however_many_chunks_there_are(tmp_path: Path):
    """Regression 53."""
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("only Linux tells of open descriptors")
    before = len(list(descriptors.iterdir()))
    assert len(written(tmp_path, 300)) == 10 + 3 + 1
    assert len(list(descriptors.iterdir())) <= before
