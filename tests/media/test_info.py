import json
from fractions import Fraction

import pytest

from clipmill.media.chapters import Chapter
from clipmill.media.geometry import Size
from clipmill.media.info import AudioInfo, Colour, MediaInfo, VideoInfo, displayed_size

SOUND = AudioInfo(index=1, codec="aac", sample_rate=48000, channels=2, start=Fraction(0), duration=None)
PICTURE = VideoInfo(
    index=0,
    codec="h264",
    size=Size(1920, 1080),
    displayed=Size(1080, 1920),
    sample_aspect=Fraction(1),
    rotation=90,
    mirrored=False,
    pixel_format="yuv420p",
    bit_depth=8,
    tick=Fraction(1, 90000),
    rate=Fraction(30000, 1001),
    variable_rate=False,
    start=Fraction(0),
    duration=Fraction(1001, 100),
    colour=Colour("bt709", None, None, full_range=False),
    hdr=None,
    interlaced=False,
    has_alpha=False,
    frames=300,
)
FILE = MediaInfo(
    container="mp4",
    video=PICTURE,
    audio=SOUND,
    audio_tracks=(SOUND,),
    chapters=(Chapter(0, "Goal", 500, 5500),),
    duration=Fraction(1001, 100),
    size_bytes=4096,
)


def test_a_file_is_told_in_plain_json():
    told = FILE.to_json()
    assert json.loads(json.dumps(told)) == told


def test_fractions_are_told_exactly_and_times_also_as_seconds():
    told = FILE.to_json()
    assert told["video"]["fps"] == "30000/1001"
    assert (told["duration"], told["duration_s"]) == ("1001/100", 10.01)
    assert (told["video"]["start"], told["video"]["start_s"]) == ("0/1", 0.0)


def test_the_size_told_is_the_one_that_people_see():
    told = FILE.to_json()["video"]
    assert (told["width"], told["height"]) == (1080, 1920)
    assert (told["coded_width"], told["coded_height"]) == (1920, 1080)


def test_an_unknown_duration_is_null_and_one_of_zero_is_a_value():
    assert SOUND.to_json()["duration"] is None
    empty = AudioInfo(index=1, codec="aac", sample_rate=48000, channels=2, start=Fraction(0), duration=Fraction(0))
    assert (empty.to_json()["duration"], empty.to_json()["duration_s"]) == ("0/1", 0.0)


def test_a_file_without_picture_and_sound_is_told_with_nulls():
    told = MediaInfo("mp4", None, None, (), (), Fraction(0), None).to_json()
    assert (told["video"], told["audio"], told["audio_tracks"], told["size_bytes"]) == (None, None, [], None)


@pytest.mark.parametrize(
    ("coded", "aspect", "rotation", "seen"),
    [
        ((1920, 1080), "1", 0, (1920, 1080)),
        ((1920, 1080), "1", 90, (1080, 1920)),
        ((1920, 1080), "1", 180, (1920, 1080)),
        ((1440, 1080), "4/3", 0, (1920, 1080)),
        ((1440, 1080), "4/3", 270, (1080, 1920)),
        ((720, 480), "8/9", 0, (640, 480)),
        ((5, 4), "1/2", 0, (3, 4)),
    ],
)
def test_the_displayed_size_counts_pixel_aspect_and_rotation(coded, aspect, rotation, seen):
    assert displayed_size(Size(*coded), Fraction(aspect), rotation) == Size(*seen)


def test_chapters_are_told_in_seconds():
    assert FILE.to_json()["chapters"] == [{"index": 0, "title": "Goal", "start": 0.5, "end": 5.5}]


def test_a_displayed_picture_is_at_least_one_pixel_wide():
    assert displayed_size(Size(2, 100), Fraction(1, 100), 0) == Size(1, 100)
