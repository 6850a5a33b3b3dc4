from pathlib import Path

import numpy as np

from clipmill.engines.caption_memory import FRAMES_PER_FILE, CaptionMemory
from clipmill.media.geometry import Size

SIZE = Size(6, 2)


def memory_of(folder: Path, frames: int, most: int = 1000) -> CaptionMemory:
    """Frames filled with their number."""
    memory = CaptionMemory(lambda name: folder / name, SIZE, most)
    for number in range(frames):
        memory.add(np.full((2, 6, 3), number, np.uint8))
    return memory


def levels(memory: CaptionMemory, frames: range) -> list[int]:
    return memory.pictures(frames).rows(0, 2)[:, 0, 0, 0].tolist()


def test_frames_come_back_as_they_were_wherever_files_part_them(tmp_path: Path):
    memory = memory_of(tmp_path, 70)
    wanted = range(FRAMES_PER_FILE - 3, 2 * FRAMES_PER_FILE + 3)
    assert memory.holds(wanted)
    assert levels(memory, wanted) == list(wanted)


def test_what_is_not_there_yet_or_forgotten_is_not_held_and_takes_no_room(tmp_path: Path):
    memory = memory_of(tmp_path, 70)
    memory.forget(FRAMES_PER_FILE + 5)
    assert not memory.holds(range(FRAMES_PER_FILE - 1, 40))
    assert not memory.holds(range(60, 71))
    assert levels(memory, range(FRAMES_PER_FILE, 70)) == list(range(FRAMES_PER_FILE, 70))
    assert len(list(tmp_path.iterdir())) == 2


def test_of_more_frames_than_may_be_held_the_first_ones_go(tmp_path: Path):
    memory = memory_of(tmp_path, 200, most=40)
    assert memory.holds(range(160, 200))
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < (40 + FRAMES_PER_FILE) * 36
