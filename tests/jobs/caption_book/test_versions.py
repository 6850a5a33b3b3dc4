from tests.jobs.caption_book.worlds import World, at_once

from clipmill.jobs.caption_book.versions import MadeVersion
from clipmill.media.captions.keys import VideoKeys

KEYS = VideoKeys("team", "match")
REGION = {"crop_left": 0.1, "crop_top": 0.8, "crop_right": 0.9, "crop_bottom": 0.95}


def made(version: int) -> MadeVersion:
    return MadeVersion(version, 10.0, 600, 26, 1_000)


def reserved(world: World) -> int:
    world.book.videos.enter("match", "team", "team/raw.mp4")
    return world.book.versions.reserve(KEYS, REGION)


def test_ten_runs_that_reserve_at_once_get_ten_numbers(there: World):
    numbers = at_once(10, lambda _number: there.book.versions.reserve(KEYS, REGION))
    assert sorted(numbers) == list(range(1, 11))


def test_the_newest_version_is_active_and_the_one_before_archived(there: World):
    for _ in range(2):
        number = reserved(there)
        there.book.versions.activate(KEYS, number, made(number))
    assert there.book.versions.statuses(KEYS) == {1: "archived", 2: "active"}
    assert there.book.videos.get("match", "team").current_cropped_frames_version == 2
    [(prefix, frames)] = there.rows("SELECT storage_prefix, frame_count FROM cropped_frames_versions WHERE version = 2")
    assert (prefix, frames) == (KEYS.cropped_frames(2).prefix, 600)


def test_a_version_that_failed_keeps_its_number(sqlite_world: World):
    sqlite_world.book.versions.fail(KEYS, reserved(sqlite_world))
    assert reserved(sqlite_world) == 2
    assert sqlite_world.book.versions.statuses(KEYS) == {1: "failed", 2: "processing"}


def test_the_row_takes_the_number_that_storage_gave(sqlite_world: World):
    number = reserved(sqlite_world)
    sqlite_world.book.versions.activate(KEYS, number, made(7))
    assert sqlite_world.book.versions.statuses(KEYS) == {7: "active"}
    assert reserved(sqlite_world) == 8


def test_a_number_that_a_failed_run_never_had_in_storage_goes_to_the_run_that_has_it(sqlite_world: World):
    sqlite_world.book.versions.fail(KEYS, reserved(sqlite_world))
    sqlite_world.book.versions.activate(KEYS, reserved(sqlite_world), made(1))
    assert sqlite_world.book.versions.statuses(KEYS) == {1: "active"}
