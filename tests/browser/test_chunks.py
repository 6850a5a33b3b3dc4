"""Chromium reads the chunks of short and long runs frame by frame: every frame is at its place and time in its level."""

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.browser.chromium import find_chromium, values, visited
from tests.media_factory import read_frame_number
from tests.media_marks import draw_code

from clipmill.engines.caption_chunks import Chunk, ChunkFormat, ChunkWriter
from clipmill.media.captions.levels import LEVELS, Location
from clipmill.media.geometry import Size

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="needs Chromium")

SIZE = Size(96, 48)
RATE = Fraction(10)
RUNS = [1, 31, 32, 33, 511, 512, 513]
"""Frames of a run: on both sides of the borders of level 1, of level 4 and of level 16."""
WORKERS = 4

PAGE = """<!doctype html><body><script>__SCRIPT__
const waiting = Object.entries(__TIMES__), seen = {};

function opened(name) {
  const video = document.createElement("video");
  const failed = new Promise((_, fail) => video.addEventListener("error",
    () => fail(new Error(name + ": media error " + video.error.code + " " + video.error.message))));
  const once = (event) => Promise.race([failed, new Promise((done) => video.addEventListener(event, done, {once: true}))]);
  const painted = () => new Promise((done) => video.requestVideoFrameCallback((_, frame) => done(frame.mediaTime)));
  const first = painted(), loaded = once("loadeddata");
  video.muted = true; video.preload = "auto"; video.src = name;
  document.body.append(video);
  return {video, once, painted, first, loaded};
}

async function read(name, times) {
  const {video, once, painted, first, loaded} = opened(name);
  await loaded;
  const context = canvasFor(video), frames = [];
  let at = await first;
  for (const time of times) {
    const next = painted(), sought = once("seeked");
    video.currentTime = time;
    await sought;
    at = await Promise.race([next, patience().then(() => at)]);
    frames.push({at, luma: brightness(video, context)});
  }
  seen[name] = {width: video.videoWidth, height: video.videoHeight, duration: video.duration, frames};
  video.remove();
}

async function work() {
  for (let one = waiting.shift(); one; one = waiting.shift()) await read(...one);
}
Promise.all(Array.from({length: __WORKERS__}, work)).then(() => told(seen)).catch((fault) => told({fault: String(fault)}));
</script>"""


@dataclass(frozen=True)
class Seen:
    """The last chunk of each level of each run, and what Chromium told of it: its frames from the last to the first."""

    chunk: Chunk
    told: dict

    @property
    def offsets(self) -> list[int]:
        return list(reversed(range(len(self.chunk.facts.frames))))


def drawn(number: int) -> np.ndarray:
    """A frame that carries its number, as planes of 4:2:0."""
    planes = np.full((SIZE.height * 3 // 2, SIZE.width), 128, np.uint8)
    draw_code(planes[: SIZE.height], (SIZE.width, SIZE.height), number)
    return planes


def written(folder: Path, count: int) -> list[Chunk]:
    folder.mkdir()
    with ChunkWriter(folder.joinpath, ChunkFormat(SIZE, RATE), 2) as writer:
        for number in range(count):
            writer.add(drawn(number))
        return writer.finish()


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> list[Seen]:
    """One visit for all chunks; a jump back always changes the picture, so none is taken for the one before."""
    folder = tmp_path_factory.mktemp("runs")
    chunks: dict[str, Chunk] = {}
    for count in RUNS:
        of_level = {chunk.facts.level: chunk for chunk in written(folder / str(count), count)}
        chunks |= {f"/{count}/{level}.webm": of_level[level] for level in LEVELS}
    times = {
        name: [
            float(Location(chunk.facts.level, chunk.facts.number, offset).seek_time(RATE))
            for offset in reversed(range(len(chunk.facts.frames)))
        ]
        for name, chunk in chunks.items()
    }
    page = PAGE.replace("__TIMES__", json.dumps(times)).replace("__WORKERS__", str(WORKERS))
    told = visited(page, {name: chunk.path for name, chunk in chunks.items()})
    return [Seen(chunk, told[name]) for name, chunk in chunks.items()]


def test_every_frame_of_a_level_is_shown_where_its_index_says(seen: list[Seen]):
    """Regressions 6, 7 and 9."""
    for one in seen:
        facts = one.chunk.facts
        shown = [
            read_frame_number(values(frame["luma"], np.uint8).reshape(SIZE.height, SIZE.width))
            for frame in one.told["frames"]
        ]
        assert shown == [Location(facts.level, facts.number, offset).frame for offset in one.offsets]


def test_the_last_frame_of_a_level_is_the_last_of_its_last_chunk(seen: list[Seen]):
    ends = {(count, level): (count - 1) // level * level for count in RUNS for level in LEVELS}
    assert [one.chunk.facts.frames[-1] for one in seen] == list(ends.values())


def test_frames_are_a_tenth_of_a_second_apart_from_zero_on(seen: list[Seen]):
    """Regression 8."""
    for one in seen:
        times = [frame["at"] for frame in one.told["frames"]]
        assert times == pytest.approx([offset / 10 for offset in one.offsets], abs=0.001)
        assert one.told["duration"] == pytest.approx(len(one.offsets) / 10, abs=0.001)
        assert (one.told["width"], one.told["height"]) == (SIZE.width, SIZE.height)
