import threading
from pathlib import Path

import pytest
from tests.contexts import FolderContext

from clipmill.errors import StorageUnavailableError, VersionConflictError
from clipmill.functions.caption_versions import known_versions, reserve_version
from clipmill.media.captions.keys import VideoKeys

KEYS = VideoKeys("team", "match")


def at_once(_pause_s: float) -> None:
    pass


def test_the_first_version_is_1_and_every_trace_counts(world: FolderContext):
    assert known_versions(world, KEYS) == set()
    assert reserve_version(world, KEYS, pause=at_once).version == 1
    for trace in (
        "cropped_frames_v2/manifest.json",
        "cropped_frames_v10/modulo_1/chunk_0000.webm",
        "cropped_frames_v011/x",
    ):
        world.mark(f"client/videos/match/{trace}")
    world.mark("client/videos/match2/cropped_frames_v50/manifest.json")
    assert known_versions(world, KEYS) == {1, 2, 10}
    assert reserve_version(world, KEYS, pause=at_once).version == 11


def test_a_number_that_was_claimed_is_not_offered_again(world: FolderContext):
    numbers = [reserve_version(world, KEYS, pause=at_once).version for _ in range(3)]
    assert numbers == [1, 2, 3]


def test_numbers_written_down_elsewhere_are_not_offered_again(world: FolderContext):
    numbers = [reserve_version(world, KEYS, least, pause=at_once).version for least in (4, 2, 9)]
    assert numbers == [4, 5, 9]


def test_ten_runs_started_together_get_ten_versions(world: FolderContext):
    """Regression 4."""
    start, taken = threading.Barrier(10), list[int]()

    def run() -> None:
        start.wait()
        taken.append(reserve_version(world, KEYS).version)

    runs = [threading.Thread(target=run) for _ in range(10)]
    for each in runs:
        each.start()
    for each in runs:
        each.join()
    assert len(set(taken)) == len(taken) == 10


class Crowded(FolderContext):
    """Wherever this run looks, somebody else has been."""

    def mark(self, key: str) -> None:
        super().mark(key)
        super().mark(str(Path(key).with_name("somebody")))


def test_a_run_that_always_meets_others_gives_up_and_never_wins(tmp_path: Path):
    pauses: list[float] = []
    with pytest.raises(VersionConflictError, match="20 attempts"):
        reserve_version(Crowded(tmp_path), KEYS, pause=pauses.append)
    assert len(pauses) == 20
    assert all(0.05 <= pause <= 0.5 for pause in pauses)


class Deaf(FolderContext):
    def names(self, prefix: str) -> list[str]:
        raise StorageUnavailableError("the listing failed")


def test_a_listing_that_fails_is_no_empty_one(tmp_path: Path):
    """Regression 5."""
    with pytest.raises(StorageUnavailableError):
        reserve_version(Deaf(tmp_path), KEYS, pause=at_once)
    assert not list(tmp_path.iterdir())
