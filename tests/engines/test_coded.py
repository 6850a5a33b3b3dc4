from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.coded_factory import coded_video as structure
from tests.contexts import FolderContext
from tests.engines.drawing import picture_of
from tests.engines.sabotage import stored_packets, with_picture_set
from tests.media.laws import LAW
from tests.media_factory import VARIANTS, Recipe, make_video
from tests.workflows.clips import numbered

from clipmill.engines.coded import NotCopyableError, closed_prefix, coded_video, coding_as
from clipmill.engines.encoders import Codec, VideoFormat, parameter_sets
from clipmill.engines.parameter_sets import Configuration
from clipmill.engines.probe import probe, require_video
from clipmill.functions.framing import process_framing
from clipmill.media.choices import Quality
from clipmill.media.geometry import Size

Videos = Callable[[str], Path]


def configuration_of(path: Path, encoding: VideoFormat) -> Configuration:
    coding = coding_as(path, require_video(probe(path)), encoding)
    assert coding is not None
    return coding.configuration


@pytest.fixture
def own(world: FolderContext) -> Callable[..., tuple[Path, VideoFormat]]:
    """A deliverable of ours, and how it was encoded."""

    def made(**request: Any) -> tuple[Path, VideoFormat]:
        numbered(world.folder / "source.mp4")
        options = {"output_width": 90, "output_height": 160, "quality": "draft", "encoder": "x264"} | request
        process_framing({"input_key": "source.mp4", "output_key": "own.mp4"} | options, world)
        size = Size(options["output_width"], options["output_height"])
        return world.folder / "own.mp4", VideoFormat(size, Fraction(30), Quality(options["quality"]), Codec.X264)

    return made


@pytest.mark.parametrize("quality", list(Quality))
def test_our_own_deliverable_is_coded_as_its_profile_says(quality: Quality, own: Any):
    path, encoding = own(quality=quality.value)
    assert configuration_of(path, encoding) == Configuration.parse(parameter_sets(encoding))


@pytest.mark.parametrize(
    "other",
    [{"size": Size(92, 160)}, {"size": Size(160, 90)}, {"fps": Fraction(25)}, {"fps": Fraction(30000, 1001)}],
    ids=["width", "turned", "rate", "nearly the rate"],
)
def test_a_track_of_another_shape_is_not_what_is_wanted(other: dict[str, Any], own: Any):
    path, encoding = own()
    assert coding_as(path, require_video(probe(path)), replace(encoding, **other)) is None


@pytest.mark.parametrize(
    "name",
    ["rotated_180", "h264_10_bit", "h264_422", "full_range", "bt601", "hevc", "vfr", "vp9", "pq", "odd_444"],
)
def test_pictures_that_would_look_different_are_not_what_is_wanted(name: str, videos: Videos):
    video = require_video(probe(videos(name)))
    wanted = VideoFormat(video.size, video.rate, Quality.STANDARD, Codec.X264)
    assert coding_as(videos(name), video, wanted) is None


def test_plain_h264_of_the_same_shape_is_what_is_wanted(videos: Videos):
    video = require_video(probe(videos("b_frames")))
    wanted = VideoFormat(Size(640, 360), VARIANTS["b_frames"].rate, Quality.STANDARD, Codec.X264)
    assert coding_as(videos("b_frames"), video, wanted)


def test_wide_pixels_are_not_what_is_wanted(tmp_path: Path):
    source = make_video(tmp_path / "source.mp4", Recipe(size=(160, 180), sample_aspect=Fraction(2), frames=10))
    video = require_video(probe(source))
    for size in (video.size, video.displayed):
        assert coding_as(source, video, VideoFormat(size, video.rate, Quality.STANDARD, Codec.X264)) is None


# Where packets can be taken apart


@pytest.fixture(scope="module")
def structures(tmp_path_factory: pytest.TempPathFactory) -> Videos:
    directory = tmp_path_factory.mktemp("structures")
    return lambda name: structure(name, directory)


@LAW
@given(st.lists(st.integers(0, 40), unique=True, max_size=12), st.integers(0, 45))
def test_a_closed_prefix_is_shown_before_everything_behind_it_and_no_longer_one_is(shown: list[int], limit: int):
    splits = ((shown[:place], [*shown[place:], limit]) for place in range(len(shown) + 1))
    closed = [min(later) for earlier, later in splits if max(earlier, default=-1) < min(later)]
    assert closed_prefix(shown, limit) == max(closed)


def test_the_edges_of_a_run_are_the_ones_that_all_packets_allow(structures: Videos):
    for name in ("closed", "open", "deep_b_frames", "variable_rate", "mkv", "pre_roll", "late_start"):
        path = structures(name)
        packets = stored_packets(path)
        last = max(stored.pts for stored in packets) + 1
        with coded_video(path, picture_of(path)) as coded:
            for tick in sorted(stored.pts for stored in packets)[5::7]:
                assert coded.closed_until(tick) == closed_by_hand([stored.pts for stored in packets], tick), name
                entry = coded.entry_from(tick, last)
                keys = [stored.pts for stored in packets if stored.is_key and stored.pts >= tick]
                assert entry == min(keys, default=None) or name == "open"


def closed_by_hand(shown: list[int], tick: int) -> int:
    before = [time for time in shown if time < tick]
    behind = min((time for time in shown if time >= tick), default=tick)
    splits = [(shown[:place], shown[place:]) for place in range(len(shown) + 1)]
    return max(
        min([*later, behind])
        for earlier, later in splits
        if max(earlier, default=-(10**9)) < min([*later, behind]) and set(earlier) <= set(before)
    )


def test_a_tick_between_two_pictures_means_the_next_one(structures: Videos):
    path = structures("no_b_frames")
    with coded_video(path, picture_of(path)) as coded:
        step = stored_packets(path)[1].pts
        assert coded.closed_until(5 * step - 1) == coded.closed_until(5 * step) == 5 * step
        assert coded.entry_from(1, 60 * step) == 12 * step
        assert coded.entry_from(12 * step, 12 * step + 1) == 12 * step
        assert coded.entry_from(12 * step + 1, 24 * step) is None


def test_a_run_has_every_packet_once_in_decoding_order(structures: Videos):
    path = structures("deep_b_frames")
    packets = stored_packets(path)
    first, last = packets[20].pts, packets[40].pts
    with coded_video(path, picture_of(path)) as coded:
        run = list(coded.copied(first, last))
    assert [(timed.pts, bytes(timed.packet)) for timed in run] == [
        (stored.pts, stored.data) for stored in packets[20:40]
    ]


@pytest.mark.parametrize("at", [24, 30])
def test_a_picture_that_brings_other_parameters_is_not_copied(at: int, structures: Videos, tmp_path: Path):
    source = structures("no_b_frames")
    with coded_video(source, picture_of(source)) as coded:
        own = coded.coding.configuration.pictures[0]
    path = with_picture_set(source, tmp_path / "changed.mp4", at, own + b"\x80")
    end = stored_packets(path)[-1].pts
    with coded_video(path, picture_of(path)) as coded, pytest.raises(NotCopyableError, match="parameter sets"):
        list(coded.copied(0, end))


def test_a_picture_that_repeats_its_parameters_is_copied(structures: Videos, tmp_path: Path):
    source = structures("no_b_frames")
    with coded_video(source, picture_of(source)) as coded:
        own = coded.coding.configuration.pictures[0]
    path = with_picture_set(source, tmp_path / "repeated.mp4", 24, own)
    with coded_video(path, picture_of(path)) as coded:
        assert len(list(coded.copied(0, 10**9))) == 60


def test_a_run_that_no_group_begins_is_not_copied(structures: Videos):
    path = structures("no_b_frames")
    with coded_video(path, picture_of(path)) as coded, pytest.raises(NotCopyableError, match="no group begins"):
        list(coded.copied(stored_packets(path)[5].pts, 10**9))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("x265_closed", "hevc"),
        ("transport_stream", "mpegts"),
        ("h264_10_bit", "8-bit"),
        ("full_range", "yuvj420p"),
        ("bt601", "BT.709"),
    ],
)
def test_what_cannot_be_copied_says_why(name: str, reason: str, structures: Videos):
    path = structures(name)
    with pytest.raises(NotCopyableError, match=reason), coded_video(path, picture_of(path)):
        pass
