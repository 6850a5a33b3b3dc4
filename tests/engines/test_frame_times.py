import io
from dataclasses import replace
from fractions import Fraction

import av
import pytest
from tests.engines.footage import MEDIA, decoded_times, needs_footage
from tests.media_factory import Recipe, make_video

from clipmill.engines import frame_times
from clipmill.engines.probe import probe, require_video
from clipmill.engines.source import open_container

SMALL = Recipe(size=(320, 180), frames=30, sound=None)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return make_video(tmp_path_factory.mktemp("small") / "small.mp4", SMALL)


def picture(path):
    return require_video(probe(path))


def remuxed(path, into, muxer, **options):
    """The same packets in another container."""
    with av.open(str(path)) as source, av.open(str(into), "w", format=muxer, options=options) as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                output.mux(packet)
    return into


class CountingReader(io.BytesIO):
    """Knows how many bytes were asked of it."""

    taken = 0

    def read(self, size=-1):
        block = super().read(size)
        self.taken += len(block)
        return block


def test_an_indexed_file_is_not_read_to_its_end(tmp_path):
    data = make_video(tmp_path / "long.mp4", replace(SMALL, frames=400)).read_bytes()
    reader = CountingReader(data)
    assert picture(reader).frames == 400
    assert reader.taken < len(data) // 2


@pytest.mark.parametrize(
    "movflags", ["frag_keyframe+empty_moov", "frag_keyframe+empty_moov+skip_trailer", "frag_keyframe+dash+global_sidx"]
)
def test_a_fragmented_file_is_as_long_as_all_its_fragments(small, videos, tmp_path, movflags):
    source = videos("open_gop")
    video = picture(remuxed(source, tmp_path / "fragments.mp4", "mp4", movflags=movflags))
    assert (video.duration, video.rate, video.frames) == (3, 30, 90)


@pytest.mark.parametrize("muxer", ["matroska", "mpegts", "flv"])
def test_a_file_without_a_table_of_samples_tells_the_same(videos, tmp_path, muxer):
    video = picture(remuxed(videos("cfr_25"), tmp_path / "other", muxer))
    assert (video.rate, video.frames, video.variable_rate) == (25, 50, False)
    assert abs(video.duration - 2) <= Fraction(1, 1000)


def test_an_avi_tells_the_rate_of_its_header(tmp_path):
    video = picture(make_video(tmp_path / "old.avi", replace(SMALL, codec="mpeg4", container="avi")))
    assert (video.rate, video.frames, video.duration) == (30, 30, 1)


@pytest.mark.parametrize("muxer", ["matroska", "mpegts"])
def test_reading_both_ends_of_a_large_file_tells_what_reading_all_of_it_does(videos, tmp_path, monkeypatch, muxer):
    path = remuxed(videos("b_frames"), tmp_path / "large", muxer)
    whole = picture(path)
    monkeypatch.setattr(frame_times, "READ_WHOLE", 0)
    assert picture(path) == replace(whole, frames=None)


def test_a_large_file_whose_header_names_a_wrong_rate_is_read_to_its_end(tmp_path, monkeypatch):
    # A late change of pace is out of sight of the header, which libav writes from the first frames.
    times = [Fraction(k, 20) for k in range(20)] + [1 + Fraction(k, 5) for k in range(40)]
    path = make_video(tmp_path / "slower.flv", replace(SMALL, pts=tuple(times), container="flv"))
    monkeypatch.setattr(frame_times, "READ_WHOLE", 0)
    video = picture(path)
    assert (video.frames, video.variable_rate) == (60, True)
    assert abs(video.rate - 60 / video.duration) < Fraction(1, 100)


def test_a_video_without_duration_in_its_header_is_as_long_as_its_frames(videos, tmp_path):
    live = remuxed(videos("cfr_25"), tmp_path / "live.mkv", "matroska", live="1")
    with open_container(live) as container:
        assert container.duration is None
    assert picture(live).duration == 2


def test_a_file_cut_off_behind_its_index_keeps_the_length_of_the_header(small, tmp_path):
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(small.read_bytes()[: small.stat().st_size * 3 // 4])
    assert picture(cut).duration == picture(small).duration == 1


def test_a_recording_that_starts_between_key_pictures_starts_at_the_first_one_shown(videos, tmp_path):
    stream = remuxed(videos("b_frames"), tmp_path / "recording.ts", "mpegts").read_bytes()
    # 3 s of three equal groups of pictures: about a sixth lies inside the first one.
    cut = io.BytesIO(stream[len(stream) // 6 // 188 * 188 :])
    video = picture(cut)
    assert video.start == decoded_times(cut)[0]
    assert 50 <= (video.frames or 0) < 90


@needs_footage
@pytest.mark.parametrize(
    "name",
    [
        "codec_container/ax_hevc.ts",
        "codec_container/ax_sample.avi",
        "codec_container/ax_sample.flv",
        "codec_container/sony_a7m3_interlaced.mts",
        "phone_rotation/IMG_0034_rot180.MOV",
        "phone_rotation/ax_dolbyVision-hdr.MOV",
        "phone_rotation/ax_edit_list_iphone_hdr.mp4",
        "timing/awesome_movie_vfr.mov",
        "timing/ax_edit_list_positive_shift.mp4",
        "timing/delayed_start.mp4",
        "timing/no_duration.webm",
    ],
)
def test_the_first_and_last_frames_are_those_that_a_decoder_shows(name):
    path = MEDIA / "footage" / name
    video = picture(path)
    times = decoded_times(path)
    assert video.start == times[0]
    assert times[-1] < video.start + video.duration <= times[-1] + 2 / video.rate
    assert video.frames in (None, len(times))
