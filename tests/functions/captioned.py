"""Versions of cropped frames as a run leaves them, of pictures that a test chooses."""

import hashlib
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
from tests.contexts import FolderContext

from clipmill.engines.caption_chunks import ChunkFormat, ChunkWriter
from clipmill.media.captions.keys import VideoKeys, without_tenant
from clipmill.media.captions.manifest import EncoderFacts, Manifest, ModelFacts, SourceFacts
from clipmill.media.captions.region import CropRegion, PixelRect
from clipmill.media.geometry import Size

PLACE = VideoKeys("team", "match").cropped_frames(1)
WIDTH, HEIGHT = 64, 32


class CountingContext(FolderContext):
    """Counts how often each object was fetched."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.fetched: Counter[str] = Counter()

    def fetch(self, key: str) -> Path:
        self.fetched[key] += 1
        return super().fetch(key)


def grey(level: int) -> np.ndarray:
    """A plain frame as planes of 4:2:0, limited range."""
    planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
    planes[:HEIGHT] = round(16 + level * 219 / 255)
    return planes


def store_version(world: FolderContext, frames: int, level: Callable[[int], int]) -> Manifest:
    """A version whose frame k is grey of a level, stored with its manifest."""
    form = ChunkFormat(Size(WIDTH, HEIGHT), Fraction(10))
    with ChunkWriter(world.new_file, form, 1) as writer:
        for frame in range(frames):
            writer.add(grey(level(frame)))
        chunks = writer.finish()
    for chunk in chunks:
        world.publish(chunk.path, own(PLACE.chunk(chunk.facts.level, chunk.facts.number)))
    manifest = Manifest(
        place=PLACE,
        created_at="2026-01-02T03:04:05.678Z",
        frame_count=frames,
        frame_rate=Fraction(10),
        crop_region=CropRegion(0.1, 0.8, 0.9, 0.95),
        pixel_rect=PixelRect(8, 40, WIDTH, HEIGHT),
        frame_size=Size(96, 80),
        source=SourceFacts("team/raw/match.mp4", 1, "", frames / 10),
        encoder=EncoderFacts(30),
        model=ModelFacts("strokes", "1", hashlib.sha256(b"").hexdigest()),
        run_id="run",
        chunks=tuple(chunk.facts for chunk in chunks),
    )
    path = world.new_file("manifest.json")
    path.write_text(manifest.to_text(), encoding="utf-8")
    world.publish(path, own(PLACE.manifest))
    world.published.clear()
    return manifest


def own(key: str) -> str:
    return without_tenant(key, "team")
