from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from tests.media_factory import Sound
from tests.media_reading import frame_numbers, pictures
from tests.workflows.clips import boxes, numbered, packets

from clipmill.engines.probe import probe, require_video
from clipmill.engines.remux import remux

Videos = Callable[[str], Path]
KINDS = ["cfr_29_97", "vfr_b_frames", "b_frames", "open_gop", "pre_roll", "rotated_90", "wide_pixels", "hevc_open_gop"]
CONTAINERS = ["mpeg_ts", "ms_stamped_29_97", "vp9", "av1", "moov_last", "early_audio"]


def shape(path: Path) -> list[tuple[int, Fraction]]:
    """Numbers and times of the frames, counted from the first."""
    shown = list(pictures(path))
    return list(zip(frame_numbers(path), (picture.time - shown[0].time for picture in shown), strict=True))


@pytest.mark.parametrize("name", [*KINDS, *CONTAINERS])
def test_a_copy_shows_what_its_source_shows(name: str, videos: Videos, tmp_path: Path):
    assert remux(videos(name), tmp_path / "copy.mp4")
    assert shape(tmp_path / "copy.mp4") == shape(videos(name))
    there, here = require_video(probe(videos(name))), require_video(probe(tmp_path / "copy.mp4"))
    assert (here.displayed, here.rotation, here.rate) == (there.displayed, there.rotation, there.rate)
    assert here.colour == there.colour


def test_packets_are_copied_byte_by_byte(tmp_path: Path):
    source = numbered(tmp_path / "source.mp4", b_frames=2)
    assert remux(source, tmp_path / "copy.mp4")
    assert [bytes(packet) for packet in packets(tmp_path / "copy.mp4")] == [bytes(packet) for packet in packets(source)]


def test_a_copy_has_its_index_in_front(videos: Videos, tmp_path: Path):
    remux(videos("moov_last"), tmp_path / "copy.mp4")
    data = (tmp_path / "copy.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")
    assert len(list(boxes(data, b"moov"))) == 1


@pytest.mark.parametrize("codec", ["aac", "mp3", "ac3", "flac", "libopus", "alac"])
def test_sound_that_mp4_can_hold_is_copied(codec: str, tmp_path: Path):
    source = numbered(tmp_path / "source.mkv", container="mkv", sound=Sound(codec=codec))
    assert remux(source, tmp_path / "copy.mp4")
    there, here = probe(source).audio, probe(tmp_path / "copy.mp4").audio
    assert here is not None
    assert there is not None
    assert here.codec == there.codec


def test_the_sound_can_be_left_out(tmp_path: Path):
    source = numbered(tmp_path / "source.mp4")
    assert remux(source, tmp_path / "copy.mp4", include_audio=False)
    assert probe(source).audio is not None
    assert probe(tmp_path / "copy.mp4").audio is None


@pytest.mark.parametrize(
    "changes",
    [{"codec": "ffv1", "container": "mkv"}, {"container": "mkv", "sound": Sound(codec="pcm_s16le")}],
    ids=["picture", "sound"],
)
def test_what_mp4_cannot_hold_is_refused_before_a_file_is_made(changes: dict[str, Any], tmp_path: Path):
    source = numbered(tmp_path / "source.mkv", **changes)
    assert not remux(source, tmp_path / "copy.mp4")
    assert not (tmp_path / "copy.mp4").exists()


def test_chapters_are_copied(tmp_path: Path):
    source, marked = numbered(tmp_path / "source.mp4"), tmp_path / "marked.mp4"
    mark: Any = {"id": 1, "start": 0, "end": 700, "time_base": Fraction(1, 1000), "metadata": {"title": "Corner"}}
    with av.open(str(source)) as media, av.open(str(marked), "w") as output:
        output.set_chapters([mark])
        copy = output.add_stream_from_template(media.streams.video[0])
        for packet in media.demux(media.streams.video[0]):
            if packet.dts is not None:
                packet.stream = copy
                output.mux(packet)
    remux(marked, tmp_path / "copy.mp4")
    assert [(mark.title, mark.end_ms) for mark in probe(tmp_path / "copy.mp4").chapters] == [("Corner", 700)]
