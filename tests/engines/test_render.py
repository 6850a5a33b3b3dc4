import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from tests.media_factory import read_sound
from tests.workflows.clips import SOURCE, VIEW, fingerprints, numbered, packets, read_frame_number, seen

from clipmill.engines.draw import ClipDrawer
from clipmill.engines.encoders import Codec, VideoFormat
from clipmill.engines.items import Ends
from clipmill.engines.join_clips import whole
from clipmill.engines.probe import probe, require_video
from clipmill.engines.render import ClipRender, render_clip
from clipmill.engines.sound import clip_sound
from clipmill.errors import CancelledError
from clipmill.media.choices import Quality
from clipmill.media.framing import ClipPlan
from clipmill.media.geometry import Size
from clipmill.media.sound import audio_length

FRAMES = 40
Wanted = Callable[..., ClipRender]


@pytest.fixture
def wanted(tmp_path: Path) -> Wanted:
    """What to render of a source of 40 frames, with changes."""
    source = numbered(tmp_path / "source.mp4", first=100, frames=FRAMES)
    info = probe(source)
    video = require_video(info)
    plan = ClipPlan(Fraction(0), whole(video.duration), video.displayed, Size(90, 160), Fraction(30))
    encoding = VideoFormat(plan.output, plan.fps, Quality.DRAFT, Codec.X264, threads=1)
    whole_clip = ClipRender(plan, source, info, video, encoding, channels=2)
    return lambda **changes: replace(whole_clip, **changes)


def drawn(render: ClipRender) -> list[np.ndarray]:
    """The brightness of each frame before any encoder saw it."""
    frames = ClipDrawer(render.plan, render.media, render.video, 1).frames()
    return [frame.to_ndarray()[: render.plan.output.height] for frame in frames]


def decoded(path: Path, track: int) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        stream = container.streams.video[track]
        return [frame.to_ndarray()[: frame.height] for frame in container.decode(stream)]


def numbers(pictures: list[np.ndarray]) -> list[int]:
    return [read_frame_number(luma, SOURCE, VIEW) for luma in pictures]


def test_every_frame_of_the_plan_is_written_in_order(wanted: Wanted, tmp_path: Path):
    render_clip(wanted(), tmp_path / "clip.mp4", lambda _: None)
    assert seen(tmp_path / "clip.mp4") == list(range(100, 100 + FRAMES))


@pytest.mark.parametrize("ends", [None, Ends(7, 9), Ends(0, 9), Ends(FRAMES, 0)])
def test_frames_are_counted_one_by_one_up_to_the_last(ends: Ends | None, wanted: Wanted, tmp_path: Path):
    told: list[int] = []
    render_clip(wanted(ends=ends), tmp_path / "clip.mp4", told.append)
    assert told == list(range(1, FRAMES + 1))


def test_the_ends_of_an_item_are_kept_without_any_loss(wanted: Wanted, tmp_path: Path):
    render = wanted(ends=Ends(7, 9))
    render_clip(render, tmp_path / "item.mp4", lambda _: None)
    pictures = drawn(render)
    assert np.array_equal(decoded(tmp_path / "item.mp4", 0), pictures[:7])
    assert np.array_equal(decoded(tmp_path / "item.mp4", 2), pictures[-9:])


def test_an_intermediate_is_kept_without_any_loss_from_end_to_end(wanted: Wanted, tmp_path: Path):
    render = wanted(ends=Ends(FRAMES, 0))
    render_clip(render, tmp_path / "item.mp4", lambda _: None)
    assert np.array_equal(decoded(tmp_path / "item.mp4", 0), drawn(render))


def test_the_body_of_an_item_holds_the_frames_between_its_ends(wanted: Wanted, tmp_path: Path):
    render_clip(wanted(ends=Ends(7, 9)), tmp_path / "item.mp4", lambda _: None)
    assert numbers(decoded(tmp_path / "item.mp4", 1)) == list(range(107, 100 + FRAMES - 9))


def test_the_tracks_of_an_item_follow_each_other_in_time(wanted: Wanted, tmp_path: Path):
    render_clip(wanted(ends=Ends(7, 9)), tmp_path / "item.mp4", lambda _: None)
    times = [
        round(packet.pts * packet.time_base * 30)
        for track in range(3)
        for packet in sorted(packets(tmp_path / "item.mp4", track), key=lambda packet: packet.pts)
    ]
    assert times == list(range(FRAMES))


@pytest.mark.parametrize("quality", list(Quality))
def test_the_body_of_an_item_begins_with_a_key_frame(quality: Quality, wanted: Wanted, tmp_path: Path):
    render = wanted(ends=Ends(7, 9))
    render = replace(render, encoding=replace(render.encoding, quality=quality))
    render_clip(render, tmp_path / "item.mp4", lambda _: None)
    first = packets(tmp_path / "item.mp4", 1)[0]
    assert first.is_keyframe
    assert round(first.pts * first.time_base * 30) == 7


def test_the_body_of_an_item_is_what_a_render_of_those_frames_alone_would_be(wanted: Wanted, tmp_path: Path):
    render = wanted(ends=Ends(0, 9))
    render_clip(render, tmp_path / "item.mp4", lambda _: None)
    plan = replace(render.plan, timeline=whole(Fraction(FRAMES - 9, 30)))
    render_clip(wanted(plan=plan), tmp_path / "alone.mp4", lambda _: None)
    assert fingerprints(tmp_path / "item.mp4", 0) == fingerprints(tmp_path / "alone.mp4")


@pytest.mark.parametrize("ends", [Ends(0, 0), Ends(7, 9)])
def test_the_sound_of_an_item_is_kept_to_24_bits_and_the_sample(ends: Ends, wanted: Wanted, tmp_path: Path):
    render = wanted(ends=ends)
    render_clip(render, tmp_path / "item.mp4", lambda _: None)
    assert render.info.audio is not None
    samples = audio_length(FRAMES, Fraction(30))
    timeline, origin = render.plan.timeline, render.video.start
    sound = clip_sound(render.media, render.info.audio, origin, timeline, Fraction(0), samples, 2)
    expected = np.concatenate(list(sound), axis=1)
    heard = read_sound(tmp_path / "item.mp4").channels
    assert heard.shape == expected.shape == (2, samples)
    assert np.abs(heard - expected).max() <= 2**-23


def test_no_channels_means_no_sound_track(wanted: Wanted, tmp_path: Path):
    render_clip(wanted(channels=None), tmp_path / "clip.mp4", lambda _: None)
    assert probe(tmp_path / "clip.mp4").audio is None


@pytest.mark.parametrize("ends", [None, Ends(7, 9)])
@pytest.mark.parametrize("at", [1, 20, FRAMES])
def test_a_render_that_is_stopped_leaves_no_file(at: int, ends: Ends | None, wanted: Wanted, tmp_path: Path):
    def stop(done: int) -> None:
        if done == at:
            raise CancelledError("stop")

    with pytest.raises(CancelledError):
        render_clip(wanted(ends=ends), tmp_path / "clip.mp4", stop)
    assert not (tmp_path / "clip.mp4").exists()


def test_a_render_tells_which_frames_it_had_to_conceal(wanted: Wanted, tmp_path: Path):
    render = wanted()
    assert isinstance(render.media, Path)
    whole_file = render.media.read_bytes()
    damaged: Any = bytearray(whole_file)
    victim = packets(render.media)[33]
    damaged[victim.pos : victim.pos + victim.size] = bytes(victim.size)
    render.media.write_bytes(damaged)
    report = render_clip(render, tmp_path / "clip.mp4", lambda _: None)
    assert report.concealed_frames >= 1
    assert len(fingerprints(tmp_path / "clip.mp4")) == FRAMES


CPU_AVX_512F = 13
"""The number that OpenCV knows this by."""
ENCODE = """
import hashlib, sys
from fractions import Fraction
from pathlib import Path
from clipmill.engines.draw import ClipDrawer
from clipmill.engines.encoders import Codec, VideoEncoder, VideoFormat
from clipmill.engines.join_clips import whole
from clipmill.engines.probe import probe, require_video
from clipmill.media.choices import Quality
from clipmill.media.framing import ClipPlan
from clipmill.media.geometry import Size

source = Path(sys.argv[1])
video = require_video(probe(source))
plan = ClipPlan(Fraction(0), whole(video.duration), video.displayed, Size(90, 160), Fraction(30))
frames = list(ClipDrawer(plan, source, video, 1).frames())
for _ in range(3):
    encoder = VideoEncoder(VideoFormat(plan.output, plan.fps, Quality(sys.argv[2]), Codec.X264, 1))
    for number, frame in enumerate(frames):
        frame.pts = number
    packets = [packet for frame in frames for packet in encoder.encode(frame)] + encoder.finish()
    print(hashlib.sha256(b"".join(map(bytes, packets))).hexdigest())
"""


@pytest.mark.xfail(
    cv2.checkHardwareSupport(CPU_AVX_512F),
    reason="x264 plans its B-frames with AVX-512 code that reads memory it never wrote",
    strict=True,
)
@pytest.mark.skipif(sys.platform != "linux", reason="only glibc fills memory on demand")
@pytest.mark.parametrize("quality", ["standard", "high"])
def test_what_is_encoded_does_not_depend_on_what_was_in_memory_before(quality: str, tmp_path: Path):
    source = numbered(tmp_path / "source.mp4", first=100, frames=60)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    runs = [
        subprocess.run(
            [sys.executable, "-c", ENCODE, str(source), quality],
            env=environment | {"MALLOC_PERTURB_": fill},
            capture_output=True,
            text=True,
            check=True,
        )
        for fill in ("0", "85")
    ]
    assert len({line for run in runs for line in run.stdout.splitlines()}) == 1
