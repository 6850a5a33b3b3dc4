from pathlib import Path

import pytest
from tests.contexts import FolderContext
from tests.functions.captions.readers import request, video

from clipmill.errors import DecodeFailedError, ForbiddenError, InvalidParameterError, LimitExceededError
from clipmill.function.caption_shapes import CropInferRequest
from clipmill.functions.caption_source import CaptionSource, check_frame_count, open_caption_source


def opened(world: FolderContext, hwaccel: str) -> CaptionSource:
    asked = CropInferRequest.parse(request(video(world, frames=4, flashes=()), hwaccel=hwaccel))
    return open_caption_source(world, asked, asked.hwaccel)


def test_decoding_by_the_processor_is_told_unless_it_was_asked_for(world: FolderContext):
    assert opened(world, "none").warnings == ()
    assert [warning.code for warning in opened(world, "auto").warnings] == ["software_decode"]


def test_a_decoder_that_cannot_start_is_a_fault_where_it_was_asked_for(world: FolderContext):
    with pytest.raises(DecodeFailedError, match="hwaccel"):
        opened(world, "cuda")


class Locked(FolderContext):
    """Of which nothing may be read."""

    def open(self, key: str) -> Path:
        raise AssertionError(f"{key} was opened")


def asked(key: str) -> CropInferRequest:
    return CropInferRequest.parse(request(key))


@pytest.mark.parametrize("key", ["other/raw.mp4", "teams/raw.mp4", "raw.mp4", "testing/raw.mp4"])
def test_a_video_that_the_tenant_may_not_read_is_forbidden_before_any_read(key: str, tmp_path: Path):
    """Regression 50."""
    with pytest.raises(ForbiddenError, match=key):
        open_caption_source(Locked(tmp_path, shared=("test/",)), asked(key), asked(key).hwaccel)


@pytest.mark.parametrize("prefix", ["test", "test/"])
def test_a_video_that_all_may_read_is_opened_where_it_lies(prefix: str, world: FolderContext):
    video(world, frames=4, flashes=())
    (world.folder / "test").mkdir()
    (world.folder / "raw.mp4").rename(world.folder / "test/raw.mp4")
    world.shared = (prefix,)
    source = open_caption_source(world, asked("test/raw.mp4"), asked("test/raw.mp4").hwaccel)
    assert (source.media, source.etag) == (world.folder / "test/raw.mp4", "")


def test_an_own_video_is_never_mixed_up_with_the_shared_one_of_its_name(tmp_path: Path):
    key = "team/test/raw.mp4"
    with pytest.raises(InvalidParameterError, match="shared"):
        open_caption_source(Locked(tmp_path, shared=("test/",)), asked(key), asked(key).hwaccel)


def test_more_frames_than_a_run_takes_are_refused(tmp_path: Path):
    assert check_frame_count(432_000) == 432_000
    with pytest.raises(LimitExceededError, match="frame_rate"):
        check_frame_count(432_001)
