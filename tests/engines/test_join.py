import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from tests.contexts import FolderContext
from tests.media_factory import read_sound
from tests.media_reading import pictures
from tests.workflows.clips import (
    at_places,
    boxes,
    fingerprints,
    flat,
    item,
    lumas,
    numbered,
    numbers_to_see,
    packets,
    seen,
)

from clipmill.engines.encoders import Codec, VideoFormat
from clipmill.engines.items import read_note
from clipmill.engines.join import ClipJoiner
from clipmill.engines.join_clips import ItemClip
from clipmill.engines.probe import probe, require_video
from clipmill.errors import CancelledError
from clipmill.media.chapters import chapters
from clipmill.media.choices import Quality
from clipmill.media.geometry import Size
from clipmill.media.sound import audio_length
from clipmill.media.transitions import Dissolve, FadeIn, FadeOut, Join, TransitionKind, plan_join

KINDS = ["cut", "fade", "dissolve"]
NTSC = Fraction(30000, 1001)
FIRSTS = (0, 1000, 2000)
LENGTHS = (45, 40, 50)


@dataclass(frozen=True)
class Joined:
    """A finished join: its file, its plan, the items it was made of and what the joiner told."""

    path: Path
    join: Join
    items: list[Path]
    joiner: ClipJoiner
    told: list[int]


Joiner = Callable[..., Joined]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> FolderContext:
    return FolderContext(tmp_path_factory.mktemp("joins"))


@pytest.fixture(scope="module")
def joined(world: FolderContext) -> Joiner:
    """Render sources as items with the ends that a transition needs, and join them; the same join is made once."""

    @cache
    def rendered(source: str, *ends: int, quality: str, fps: Fraction) -> Path:
        number = len(list(world.folder.glob("item*")))
        return item(world, source, f"item{number}.mp4", *ends, quality=quality, fps=str(fps))

    @cache
    def made(
        sources: tuple[str, ...], kind: str, frames: int = 10, fps: Fraction = Fraction(30), quality: str = "draft"
    ) -> Joined:
        last = len(sources) - 1
        frames = 0 if kind == "cut" else frames
        paths = [
            rendered(source, frames * (clip > 0), frames * (clip < last), quality=quality, fps=fps)
            for clip, source in enumerate(sources)
        ]
        encoding = VideoFormat(Size(90, 160), fps, Quality(quality), Codec.X264, threads=1)
        clips = [_clip(path) for path in paths]
        names = [f"clip {clip}" for clip in range(len(clips))]
        join = plan_join(TransitionKind(kind), frames / fps, fps, [clip.frames for clip in clips], names)
        marks = chapters(join.starts, join.total_frames, fps, names)
        channels = 2 if any(clip.audio for clip in clips) else None
        told: list[int] = []
        joiner = ClipJoiner(join, clips, encoding, channels, marks, told.append)
        path = world.new_file("joined.mp4")
        joiner.write(path)
        return Joined(path, join, paths, joiner, told)

    return made


def _clip(path: Path) -> ItemClip:
    note = read_note(path)
    assert note is not None
    return ItemClip(path, note, probe(path).audio, channels=2, copies=note.body in note.tracks)


@pytest.fixture(scope="module")
def three(world: FolderContext) -> tuple[str, ...]:
    """Three sources whose frames count from 0, 1000 and 2000."""
    return tuple(
        world.put(numbered(world.folder / f"{first}.mp4", first, frames))
        for first, frames in zip(FIRSTS, LENGTHS, strict=True)
    )


@pytest.mark.parametrize("quality", ["draft", "standard", "high"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_frame_outside_of_transitions_is_in_its_place(
    kind: str, quality: str, three: tuple[str, ...], joined: Joiner
):
    made = joined(three, kind, quality=quality)
    expected = numbers_to_see(made.join, FIRSTS)
    numbers = seen(made.path)
    assert len(numbers) == made.join.total_frames == sum(LENGTHS) - 20 * (kind == "dissolve")
    assert at_places(numbers, expected) == expected
    assert len(expected) == made.join.total_frames - {"cut": 0, "fade": 40, "dissolve": 20}[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_frames_stand_at_a_constant_rate_from_zero(kind: str, three: tuple[str, ...], joined: Joiner):
    made = joined(three, kind, fps=NTSC)
    assert [picture.time for picture in pictures(made.path)] == [
        number / NTSC for number in range(made.join.total_frames)
    ]


def bodies(made: Joined) -> list[tuple[int, int, int]]:
    """Clip, first and last frame of the output of every body."""
    return [
        (span.clip, span.start, span.start + span.length)
        for span in made.join.spans
        if not isinstance(span, Dissolve | FadeIn | FadeOut)
    ]


def body_track(path: Path) -> int:
    note = read_note(path)
    assert note is not None
    return note.tracks.index(note.body)


@pytest.mark.parametrize("quality", ["draft", "standard", "high"])
@pytest.mark.parametrize("kind", KINDS)
def test_bodies_decode_to_the_very_pictures_of_their_items(
    kind: str, quality: str, three: tuple[str, ...], joined: Joiner
):
    made = joined(three, kind, quality=quality)
    reel = fingerprints(made.path)
    for clip, first, last in bodies(made):
        assert reel[first:last] == fingerprints(made.items[clip], body_track(made.items[clip]))


@pytest.mark.parametrize("quality", ["draft", "standard"])
def test_the_packets_of_bodies_are_copied_and_no_others(quality: str, three: tuple[str, ...], joined: Joiner):
    made = joined(three, "dissolve", quality=quality)
    kept = {bytes(packet) for path in made.items for packet in packets(path, body_track(path))}
    copied = [round(packet.pts * packet.time_base * 30) for packet in packets(made.path) if bytes(packet) in kept]
    expected = [frame for _, first, last in bodies(made) for frame in range(first, last)]
    assert sorted(copied) == expected
    assert made.joiner.copied == [(first, last) for _, first, last in bodies(made)]
    assert made.joiner.redrawn == 0


@pytest.mark.parametrize("kind", KINDS)
def test_frames_are_told_in_order_up_to_the_last(kind: str, three: tuple[str, ...], joined: Joiner):
    made = joined(three, kind)
    assert sorted(made.told) == list(range(1, made.join.total_frames + 1))
    assert all(later > earlier for earlier, later in pairwise(made.told))


@pytest.mark.parametrize("quality", ["draft", "standard", "high"])
@pytest.mark.parametrize("kind", KINDS)
def test_decoding_times_rise_and_never_pass_showing_times(
    kind: str, quality: str, three: tuple[str, ...], joined: Joiner
):
    coded = packets(joined(three, kind, quality=quality).path)
    assert all(earlier.dts < later.dts for earlier, later in pairwise(coded))
    assert all(packet.dts <= packet.pts for packet in coded)


@pytest.mark.parametrize("kind", KINDS)
def test_the_picture_has_one_description(kind: str, three: tuple[str, ...], joined: Joiner):
    data = joined(three, kind, quality="standard").path.read_bytes()
    description = next(boxes(data, b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"))
    assert int.from_bytes(description[4:8], "big") == 1
    assert description.count(b"avc1") == description.count(b"avcC") == 1


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="the ffmpeg program is not installed")
@pytest.mark.parametrize("quality", ["draft", "standard", "high"])
@pytest.mark.parametrize("kind", KINDS)
def test_another_decoder_finds_no_fault(kind: str, quality: str, three: tuple[str, ...], joined: Joiner):
    made = joined(three, kind, quality=quality)
    command = ["ffmpeg", "-v", "error", "-xerror", "-err_detect", "explode", "-i", str(made.path)]
    done = subprocess.run([*command, "-f", "framemd5", "-"], capture_output=True, text=True, check=False)
    frames = [line for line in done.stdout.splitlines() if line.startswith("0,")]
    assert (done.returncode, done.stderr, len(frames)) == (0, "", made.join.total_frames)


@pytest.mark.parametrize("kind", ["fade", "dissolve"])
def test_a_transition_that_covers_its_clips_wholly_leaves_nothing_to_copy(
    kind: str, joined: Joiner, world: FolderContext
):
    short = tuple(
        world.put(numbered(world.folder / f"short-{number}.mp4", 100 * number, frames))
        for number, frames in enumerate((10, 20, 10))
    )
    made = joined(short, kind, 10)
    assert made.joiner.copied == []
    assert len(seen(made.path)) == made.join.total_frames == (20 if kind == "dissolve" else 40)


@pytest.fixture(scope="module")
def grey(world: FolderContext) -> tuple[str, ...]:
    """A dark clip and a bright one, each of one grey and one tone."""
    dark = flat(world.folder / "dark.mp4", 60, 40, 440.0)
    bright = flat(world.folder / "bright.mp4", 200, 40, 1000.0)
    return world.put(dark), world.put(bright)


@pytest.mark.parametrize("quality", ["draft", "standard", "high"])
@pytest.mark.parametrize("frames", [1, 2, 15])
def test_a_dissolve_mixes_by_the_weight_of_each_frame(frames: int, quality: str, grey: tuple[str, ...], joined: Joiner):
    made = joined(grey, "dissolve", frames, quality=quality)
    mixed = [60 + 140 * (j + 0.5) / frames for j in range(frames)]
    start = made.join.starts[1]
    expected = [60.0] * start + mixed + [200.0] * (40 - frames)
    assert lumas(made.path) == pytest.approx(expected, abs=1.2)


@pytest.mark.parametrize("quality", ["draft", "standard", "high"])
@pytest.mark.parametrize("frames", [1, 2, 15])
def test_a_fade_goes_to_black_and_comes_from_black(frames: int, quality: str, grey: tuple[str, ...], joined: Joiner):
    made = joined(grey, "fade", frames, quality=quality)
    weights = [(j + 0.5) / frames for j in range(frames)]
    out = [16 + (60 - 16) * (1 - weight) for weight in weights]
    in_ = [16 + (200 - 16) * weight for weight in weights]
    expected = [60.0] * (40 - frames) + out + in_ + [200.0] * (40 - frames)
    assert lumas(made.path) == pytest.approx(expected, abs=1.2)


def loudness(sound: np.ndarray, start: float, end: float) -> float:
    """Root mean square between two times of a reel."""
    part = sound[:, round(start * 48000) : round(end * 48000)]
    return float(np.sqrt((part.astype(float) ** 2).mean()))


STEADY = 0.4 / np.sqrt(2)


def test_the_sound_of_a_fade_is_silent_at_the_join_and_half_as_loud_halfway(grey: tuple[str, ...], joined: Joiner):
    made = joined(grey, "fade", 15)
    sound, join_s = read_sound(made.path).channels, 40 / 30
    assert loudness(sound, join_s - 0.005, join_s + 0.005) < 0.02 * STEADY
    for middle in (join_s - 0.25, join_s + 0.25):
        assert loudness(sound, middle - 0.01, middle + 0.01) == pytest.approx(STEADY / 2, rel=0.05)
    assert loudness(sound, 0.1, join_s - 0.51) == pytest.approx(STEADY, rel=0.03)
    assert loudness(sound, join_s + 0.51, 2.5) == pytest.approx(STEADY, rel=0.03)


def test_the_sound_of_a_dissolve_has_no_dip(grey: tuple[str, ...], joined: Joiner):
    made = joined(grey, "dissolve", 15)
    sound, first = read_sound(made.path).channels, made.join.starts[1] / 30
    windows = [loudness(sound, first + at, first + at + 0.025) for at in np.arange(0, 0.475, 0.025)]
    assert windows == pytest.approx([STEADY] * len(windows), rel=0.06)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fps", [Fraction(30), NTSC, Fraction(25)])
def test_the_sound_is_as_long_as_the_picture(kind: str, fps: Fraction, grey: tuple[str, ...], joined: Joiner):
    made = joined(grey, kind, 12, fps=fps)
    video = require_video(probe(made.path))
    assert video.duration == made.join.total_frames / fps
    sound = read_sound(made.path)
    assert sound.start == 0
    assert abs(sound.channels.shape[1] - audio_length(made.join.total_frames, fps)) <= 1024


def test_a_reel_of_silent_clips_has_no_sound_track(joined: Joiner, world: FolderContext):
    for name in ("a.mp4", "b.mp4"):
        flat(world.folder / name, 100, 30)
    assert probe(joined(("a.mp4", "b.mp4"), "dissolve").path).audio is None


def test_chapters_begin_where_clips_do_and_follow_each_other(three: tuple[str, ...], joined: Joiner):
    made = joined(three, "dissolve", fps=NTSC)
    marks = probe(made.path).chapters
    assert [mark.title for mark in marks] == ["clip 0", "clip 1", "clip 2"]
    assert [mark.start_ms for mark in marks] == [-(-start * 1001 * 1000 // 30000) for start in made.join.starts]
    assert [mark.end_ms for mark in marks[:-1]] == [mark.start_ms for mark in marks[1:]]


def on_screen(path: Path, milliseconds: int) -> Fraction:
    """When the picture began that a player shows after a jump."""
    time = Fraction(milliseconds, 1000)
    shown = Fraction(-1)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        container.seek(int(time / stream.time_base), stream=stream, backward=True)
        for frame in container.decode(stream):
            assert frame.pts is not None
            if frame.pts * stream.time_base > time:
                break
            shown = frame.pts * stream.time_base
    return shown


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fps", [Fraction(30), NTSC])
def test_a_jump_to_a_chapter_shows_the_first_frame_of_its_clip(
    kind: str, fps: Fraction, three: tuple[str, ...], joined: Joiner
):
    made = joined(three, kind, fps=fps)
    shown = [on_screen(made.path, mark.start_ms) for mark in probe(made.path).chapters]
    assert shown == [start / fps for start in made.join.starts]


def test_the_index_stands_in_front(three: tuple[str, ...], joined: Joiner):
    data = joined(three, "cut").path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_a_join_that_is_stopped_leaves_no_file(three: tuple[str, ...], joined: Joiner, tmp_path: Path):
    path = tmp_path / "stopped.mp4"

    def stop(done: int) -> None:
        if done == 37:
            raise CancelledError("stop")

    with pytest.raises(CancelledError):
        replace(joined(three, "dissolve").joiner, on_frame=stop, copied=[]).write(path)
    assert not path.exists()
