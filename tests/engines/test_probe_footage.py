from fractions import Fraction

import pytest
from tests.engines.footage import MEDIA, needs_footage

from clipmill.engines.probe import check_limits, probe, require_video
from clipmill.media.geometry import Size

NTSC = Fraction(30000, 1001)
# Name, codec, coded size, displayed size, rate, start, duration, frames, and what is special.
FOOTAGE = [
    ("codec_container/av1_video.mkv", "av1", (640, 360), (640, 360), 25, 0, 5, 125, {}),
    (
        "codec_container/ax_fragmented_143165s.mp4",
        "h264",
        (1080, 720),
        (1080, 720),
        NTSC,
        "1001/15000",
        "1001/1000",
        30,
        {},
    ),
    (
        "codec_container/ax_hdr10_av1.mp4",
        "av1",
        (720, 1280),
        (720, 1280),
        NTSC,
        0,
        "127127/30000",
        127,
        {"hdr": "pq", "bit_depth": 10},
    ),
    ("codec_container/ax_hevc.ts", "hevc", (854, 480), (854, 480), 30, "22/15", 1, 30, {}),
    (
        "codec_container/ax_hlg10.mp4",
        "hevc",
        (1920, 1080),
        (1920, 1080),
        "90000/3001",
        0,
        "3001/10000",
        9,
        {"hdr": "hlg", "bit_depth": 10},
    ),
    ("codec_container/ax_mpeg2.ts", "mpeg2video", (640, 426), (640, 426), NTSC, "43001/30000", "1001/10000", 3, {}),
    ("codec_container/ax_portrait_720x1080.mp4", "h264", (720, 1080), (720, 1080), NTSC, 0, "1001/1000", 30, {}),
    (
        "codec_container/ax_sample.avi",
        "mpeg4",
        (960, 400),
        (960, 400),
        "24000/1001",
        0,
        "49049/12000",
        96,
        {"variable_rate": True},
    ),
    ("codec_container/ax_sample.flv", "h264", (1080, 720), (1080, 720), "29000/967", "67/1000", "2901/2900", 30, {}),
    ("codec_container/ax_vp9_161x121.webm", "vp9", (161, 121), (161, 121), "2997/100", 0, "1001/1000", 30, {}),
    ("codec_container/cover_mjpeg.mp4", "h264", (640, 360), (640, 360), 30, 0, 2, 60, {"index": 0}),
    ("codec_container/h264_10bits.mp4", "h264", (200, 200), (200, 200), 30, 0, 1, 30, {"bit_depth": 10}),
    ("codec_container/sample.3gp", "mpeg4", (176, 144), (176, 144), 15, 0, "74/15", 74, {"index": 1}),
    ("codec_container/sar_2x1.mp4", "h264", (640, 360), (1280, 360), 30, 0, 5, 150, {"sample_aspect": 2}),
    (
        "codec_container/sony_a7m3_interlaced.mts",
        "h264",
        (1920, 1080),
        (1920, 1080),
        25,
        "26/25",
        "13/25",
        None,
        {"interlaced": True},
    ),
    ("codec_container/transparent.webm", "vp9", (200, 200), (200, 200), 30, 0, 5, 150, {"has_alpha": True}),
    ("phone_rotation/IMG_0034_rot180.MOV", "h264", (568, 320), (568, 320), 30, 0, "27/10", 81, {"rotation": 180}),
    (
        "phone_rotation/ax_dolbyVision-hdr.MOV",
        "hevc",
        (1280, 720),
        (720, 1280),
        30,
        0,
        "2/15",
        4,
        {"rotation": 90, "hdr": "hlg"},
    ),
    (
        "phone_rotation/ax_edit_list_iphone_hdr.mp4",
        "hevc",
        (1920, 1080),
        (1080, 1920),
        "46200/1541",
        0,
        "1541/600",
        77,
        {"rotation": 90, "hdr": "hlg"},
    ),
    (
        "phone_rotation/ax_portrait_4k60.mp4",
        "h264",
        (3840, 2160),
        (2160, 3840),
        "810000/13487",
        0,
        "13487/45000",
        18,
        {"rotation": 90},
    ),
    (
        "phone_rotation/ax_rotate_and_reflect.mp4",
        "h264",
        (1080, 720),
        (720, 1080),
        NTSC,
        0,
        "1001/1000",
        30,
        {"rotation": 270, "mirrored": True},
    ),
    ("phone_rotation/decord_video_270.mov", "h264", (568, 320), (320, 568), 30, 0, "1/10", 3, {"rotation": 270}),
    ("phone_rotation/decord_video_90.mov", "h264", (568, 320), (320, 568), 30, 0, "1/10", 3, {"rotation": 90}),
    ("phone_rotation/gopro_max_heromode.mp4", "h264", (848, 480), (848, 480), NTSC, 0, "21021/2000", 315, {}),
    ("phone_rotation/sideways_movie.mov", "h264", (640, 480), (480, 640), "625/26", 0, "26/25", 25, {"rotation": 90}),
    (
        "phone_rotation/vertical_video_from_iphone.mov",
        "hevc",
        (1920, 1080),
        (1080, 1920),
        60,
        0,
        "3/5",
        36,
        {"rotation": 90},
    ),
    (
        "sport/handball_sideview_6243x1080.mp4",
        "h264",
        (6243, 1080),
        (6243, 1080),
        25,
        0,
        10,
        250,
        {"pixel_format": "yuv444p"},
    ),
    ("sport/soccer_drone_1260x708.mp4", "h264", (1260, 708), (1260, 708), 60, 0, "631/30", 1262, {}),
    ("sport/soccer_juggle_720p.mp4", "h264", (1280, 720), (1280, 720), 24, 0, "247/24", 247, {}),
    ("sport/soccer_left_camera_3072x1728.mp4", "hevc", (3072, 1728), (3072, 1728), 25, 0, 10, 250, {}),
    (
        "timing/awesome_movie_vfr.mov",
        "h264",
        (640, 480),
        (640, 480),
        "24600/1469",
        0,
        "1469/200",
        123,
        {"variable_rate": True},
    ),
    (
        "timing/ax_android_slow_motion.mp4",
        "h264",
        (1280, 720),
        (1280, 720),
        "630000/47281",
        0,
        "47281/90000",
        7,
        {"variable_rate": True},
    ),
    ("timing/ax_chapters.mkv", "h264", (320, 240), (320, 240), 30, 0, 5, 150, {}),
    ("timing/ax_chapters.mp4", "h264", (1080, 720), (1080, 720), "2700000/90089", 0, "90089/90000", 30, {}),
    ("timing/ax_edit_list_positive_shift.mp4", "h264", (1920, 1080), (1920, 1080), 30, 1, 9, 270, {}),
    (
        "timing/ax_first_pts_10s.mp4",
        "h264",
        (800, 640),
        (1137, 640),
        30,
        10,
        4,
        120,
        {"sample_aspect": Fraction(1137, 800)},
    ),
    ("timing/ax_long_1080p_363s.mp4", "h264", (1920, 1080), (1920, 1080), 30, 0, "10883/30", 10883, {}),
    ("timing/ax_long_4k60_av1_363s.mp4", "av1", (3840, 2160), (3840, 2160), 60, 0, "10883/30", 21766, {}),
    ("timing/ax_shorter_audio.mp4", "h264", (320, 240), (320, 240), 60, 0, "6/5", 72, {}),
    (
        "timing/cursed-vfr.mp4",
        "h264",
        (3026, 1386),
        (3026, 1386),
        "3628800/502589",
        0,
        "502589/57600",
        63,
        {"variable_rate": True},
    ),
    ("timing/delayed_start.mp4", "mpeg4", (480, 320), (480, 320), 25, "43/40", "24/25", 24, {}),
    (
        "timing/multi-track_two_audio.mp4",
        "h264",
        (720, 576),
        (768, 576),
        25,
        0,
        "114/25",
        114,
        {"sample_aspect": Fraction(16, 15)},
    ),
    ("timing/nasa_13013_multitrack.mp4", "h264", (320, 180), (320, 180), 25, 0, 13, 325, {"index": 0}),
    (
        "timing/no_duration.webm",
        "vp9",
        (1280, 720),
        (1280, 720),
        "15000/1001",
        0,
        "2469/500",
        74,
        {"variable_rate": True},
    ),
    (
        "timing/var_fps_video.mp4",
        "h264",
        (128, 128),
        (128, 128),
        "1125/56",
        0,
        "449/30",
        300,
        {"variable_rate": True},
    ),
    ("timing/video-h265_timecode.mp4", "hevc", (1920, 1080), (1920, 1080), 30, 0, 10, 300, {}),
]
PLAIN = {
    "rotation": 0,
    "mirrored": False,
    "sample_aspect": 1,
    "variable_rate": False,
    "hdr": None,
    "interlaced": False,
}


@needs_footage
@pytest.mark.parametrize("entry", FOOTAGE, ids=[entry[0] for entry in FOOTAGE])
def test_footage_is_told_exactly(entry):
    name, codec, coded, displayed, rate, start, duration, frames, special = entry
    info = probe(MEDIA / "footage" / name)
    video = require_video(info)
    check_limits(info)
    assert (video.codec, video.size, video.displayed) == (codec, Size(*coded), Size(*displayed))
    assert (video.rate, video.frames) == (Fraction(rate), frames)
    assert (video.start, video.duration) == (Fraction(start), Fraction(duration))
    expected = PLAIN | special
    assert {fact: getattr(video, fact) for fact in expected} == expected


@needs_footage
@pytest.mark.parametrize(
    ("name", "marks"),
    [
        ("ax_chapters.mp4", [("Chapter 1", 0, 201), ("Chapter 2", 201, 800), ("Chapter 3", 800, 850)]),
        ("ax_chapters.mkv", [("Chapter 1", 0, 1999), ("Chapter 2", 2000, 4999)]),
    ],
)
def test_chapters_are_told_with_their_titles(name, marks):
    chapters = probe(MEDIA / "footage/timing" / name).chapters
    assert [(mark.title, mark.start_ms, mark.end_ms) for mark in chapters] == marks


@needs_footage
def test_all_sound_tracks_are_told_and_the_default_one_is_in_use():
    info = probe(MEDIA / "footage/timing/multi-track_two_audio.mp4")
    assert [track.index for track in info.audio_tracks] == [1, 2]
    assert info.audio == info.audio_tracks[0]


@needs_footage
def test_a_phone_whose_format_says_full_range_is_told_as_such():
    colour = require_video(probe(MEDIA / "footage/phone_rotation/ax_portrait_4k60.mp4")).colour
    assert (colour.matrix, colour.full_range) == ("bt470bg", True)
