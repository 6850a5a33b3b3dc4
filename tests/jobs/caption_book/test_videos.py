import pytest
from tests.jobs.caption_book.worlds import World

from clipmill.errors import ForbiddenError, InvalidParameterError, NotFoundError


def test_a_video_is_entered_once_and_keeps_what_is_found_out_about_it(there: World):
    there.book.videos.enter("match", "team", "team/raw.mp4")
    there.book.videos.update_video_metadata("match", frame_count=4, duration_seconds=35.5, size_bytes=5_000_000_000)
    video = there.book.videos.enter("match", "team", "team/raw.mp4")
    assert (video.frame_count, video.duration_seconds, video.size_bytes) == (4, 35.5, 5_000_000_000)
    assert video.created_at == "2027-01-15T08:00:00.000Z"


def test_a_video_of_another_tenant_is_forbidden_and_a_deleted_one_is_not_found(sqlite_world: World):
    sqlite_world.book.videos.enter("match", "team", "team/raw.mp4")
    with pytest.raises(ForbiddenError):
        sqlite_world.book.videos.enter("match", "others", "others/raw.mp4")
    sqlite_world.book.videos.update_video_metadata("match", deleted_at="2027-01-15T08:00:00.000Z")
    with pytest.raises(NotFoundError):
        sqlite_world.book.videos.get("match", "team")


def test_what_no_column_holds_is_refused_by_name(sqlite_world: World):
    with pytest.raises(InvalidParameterError, match="fps"):
        sqlite_world.book.videos.update_video_metadata("match", fps=25)
