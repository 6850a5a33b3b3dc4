"""A small reel as people write it: two sources beside a JSON file.

Convention: sources are 320x180 at 30 frames a second, the reel is 90x160; frames of source ``b`` are numbered from 100 on.
"""

from pathlib import Path
from typing import Any

from tests.cli.shell import request_file
from tests.media_factory import Recipe, make_video
from tests.workflows.clips import REEL, SOURCE

FRAMES = 45


def source(folder: Path, name: str, first: int = 0, frames: int = FRAMES, **changes: Any) -> Path:
    return make_video(folder / name, Recipe(size=SOURCE, frames=frames, first_number=first, gop=15, **changes))


def reel(folder: Path, **changes: Any) -> Path:
    """The file of a reel of two clips; sources are drawn unless they are there."""
    footage = folder / "footage"
    footage.mkdir(parents=True, exist_ok=True)
    for name, first in (("a.mp4", 0), ("b.mp4", 100)):
        if not (footage / name).exists():
            source(footage, name, first)
    clips = [
        {"clip_index": 0, "name": "First", "source_key": "footage/a.mp4"},
        {"clip_index": 1, "name": "Second", "source_key": "footage/b.mp4"},
    ]
    return request_file(folder, {**REEL, "clips": clips} | changes, "reel.json")
