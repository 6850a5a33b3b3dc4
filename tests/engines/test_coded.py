from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.contexts import FolderContext
from tests.media_factory import VARIANTS, Recipe, make_video
from tests.workflows.clips import numbered

from clipmill.engines.coded import coding_as
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
