"""A stretch of sound copied packet by packet sounds as the source does there, to the sample."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.coded_factory import signal
from tests.engines.sound_files import write_sound

from clipmill.engines.encoders import VideoFormat
from clipmill.engines.movie import MovieWriter
from clipmill.engines.probe import probe
from clipmill.engines.render import encoded
from clipmill.engines.sound_copy import PRE_ROLL_S, SoundCopy
from clipmill.media.choices import Quality
from clipmill.media.geometry import Size

FEW = settings(max_examples=12, deadline=None)
SETTLED_S = 0.1
Structures = Callable[[str], Path]


def copy_of(path: Path, start: Fraction, end: Fraction) -> SoundCopy:
    audio = probe(path).audio
    assert audio is not None
    return SoundCopy(path, audio, start, end)


def stored(path: Path) -> list[tuple[Fraction, Fraction, bytes]]:
    """When each packet begins, how long it lasts, and what is in it."""
    with av.open(str(path)) as container:
        return [
            (packet.pts * packet.time_base, packet.duration * packet.time_base, bytes(packet))
            for packet in container.demux(audio=0)
            if packet.size
        ]


def moved(path: Path, start: Fraction, end: Fraction) -> list[tuple[Fraction, Fraction, bytes, Fraction]]:
    """When each copied packet begins, how long it lasts, what is in it, and how far the sound reaches with it."""
    copy = copy_of(path, start, end)
    with copy.opened() as stream:
        return [
            (packet.pts * stream.time_base, packet.duration * stream.time_base, bytes(packet), reached)
            for reached, packet in copy.packets(stream)
        ]


stretches = (
    st.tuples(*[st.fractions(0, 2, max_denominator=1000)] * 2).map(sorted).filter(lambda pair: pair[0] < pair[1])
)


@pytest.mark.parametrize("name", ["closed", "aac_44100", "mp3", "opus", "mkv", "late_audio"])
def test_a_stretch_is_the_packets_that_sound_in_it_and_those_that_it_leans_on(name: str, structures: Structures):
    path = structures(name)
    all_packets = stored(path)
    lead = PRE_ROLL_S["aac" if name in ("closed", "aac_44100", "mkv", "late_audio") else name]

    @FEW
    @given(stretches)
    def law(stretch: list[Fraction]) -> None:
        start, end = stretch
        found = moved(path, start, end)
        tick = Fraction(1, 1000) if name == "mkv" else Fraction(1, 44_100)
        # Where times are rounded to milliseconds, so is the length of the packet that ends just where the lead begins.
        slacks = (Fraction(0), tick, -tick) if name == "mkv" else (Fraction(0),)
        reaching = [
            [(at, data) for at, lasts, data in all_packets if at < end and at + lasts > start - lead + slack]
            for slack in slacks
        ]
        wanted = next(
            (some for some in reaching if [data for _, data in some] == [data for *_, data, _ in found]), None
        )
        assert wanted is not None
        origin = {at - begins for (at, _), (begins, *_) in zip(wanted, found, strict=True)}
        assert len(origin) <= 1
        assert all(abs(shift - start) <= tick for shift in origin)
        assert all(begins + lasts <= end - start + tick for begins, lasts, *_ in found)
        assert [reached for *_, reached in found] == sorted(reached for *_, reached in found)

    law()


@pytest.mark.parametrize(("rate", "channels"), [(44_100, 2), (48_000, 1), (48_000, 2)])
def test_copied_sound_is_the_sources_to_the_sample(rate: int, channels: int, tmp_path: Path):
    wave = np.tile(signal(np.arange(2 * rate) / rate).astype(np.float32), (channels, 1))
    source = write_sound(tmp_path / "source.m4a", wave, rate=rate)
    heard = samples_of(source)
    for ticks in (rate // 2 + 17, rate - 1024, rate + 1):
        start = Fraction(ticks, rate)
        path = with_a_picture(tmp_path / "copy.mp4", copy_of(source, start, start + Fraction(3, 4)))
        copied = samples_of(path)
        settled = round(SETTLED_S * rate)
        length = rate * 3 // 4
        # Decoders give out the last packet as a whole.
        assert length <= copied.shape[1] < length + 1024
        apart = [
            np.abs(
                copied[:, settled : length - 9] - heard[:, ticks + settled + shift : ticks + length - 9 + shift]
            ).max()
            for shift in (-1, 0, 1)
        ]
        # What a decoder of AAC makes up for noise differs from one decoding to the next.
        assert apart[1] < 0.01 < min(apart[0], apart[2]) / 10


def samples_of(path: Path) -> np.ndarray:
    """Every sample that a player plays, from time 0 on."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    assert frames[0].pts == 0
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1)


def with_a_picture(path: Path, copy: SoundCopy) -> Path:
    form = VideoFormat(Size(64, 64), Fraction(25), Quality.DRAFT, threads=1)
    with copy.opened() as stream, MovieWriter(path, [form], copied_sound=stream) as writer:
        writer.write_all(encoded(grey(19), writer.tracks[0], lambda _: None), None, copy.packets(stream))
    return path


def grey(count: int) -> Any:
    for number in range(count):
        frame = av.VideoFrame(64, 64, "yuv420p")
        frame.pts = number
        yield frame


def test_a_stretch_behind_the_sound_has_no_packet(structures: Structures):
    assert moved(structures("short_audio"), Fraction(2), Fraction(12, 5)) == []


def test_a_stretch_before_the_sound_has_no_packet(structures: Structures):
    assert moved(structures("late_audio"), Fraction(0), Fraction(1, 4)) == []


@pytest.mark.parametrize(("name", "possible"), [("closed", True), ("mp3", True), ("opus", True), ("pcm", False)])
def test_only_what_an_mp4_can_hold_is_copied(name: str, possible: bool, structures: Structures):
    assert copy_of(structures(name), Fraction(0), Fraction(1)).possible is possible
