"""Sound for tests: signals that tell where they are, files that carry them, and readers that find them again.

Convention: signals have the shape (channels, n), float32, 48,000 samples per second unless told otherwise.
"""

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from tests.media_marks import beep

from clipmill.engines.probe import probe
from clipmill.engines.sound import ClipSound, clip_sound
from clipmill.media.info import AudioInfo
from clipmill.media.timeline import NORMAL, Piece, Timeline

RATE = 48000


def tone(seconds: float, frequency: float = 440.0, amplitude: float = 0.4, rate: int = RATE) -> np.ndarray:
    """One channel of a steady tone."""
    return (amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)).astype(np.float32)[
        None
    ]


def beeps(seconds: float, times: Iterable[float], rate: int = RATE) -> np.ndarray:
    """One channel of silence with rising beeps."""
    sound = np.zeros((1, round(seconds * rate)), np.float32)
    burst = (0.4 * beep(rate)).astype(np.float32)
    for time in times:
        first = round(time * rate)
        sound[0, first : first + len(burst)] += burst[: sound.shape[1] - first]
    return sound


def onsets(sound: np.ndarray) -> list[float]:
    """When something begins to sound after silence, in seconds."""
    loud = np.abs(sound).max(axis=0) > 0.05
    quiet = round(0.08 * RATE)
    return [i / RATE for i in np.flatnonzero(loud) if not loud[max(0, i - quiet) : i].any()]


def pitch(sound: np.ndarray) -> float:
    """The strongest frequency."""
    wave = sound[0] * np.hanning(sound.shape[1])
    return float(np.abs(np.fft.rfft(wave)).argmax() * RATE / sound.shape[1])


def loudness(sound: np.ndarray) -> float:
    """Root mean square."""
    return float(np.sqrt((sound.astype(float) ** 2).mean()))


def write_sound(
    path: Path, sound: np.ndarray, codec: str = "aac", *, rate: int = RATE, layout: str = "", options: Any = None
) -> Path:
    """A file with this sound only."""
    layout = layout or {1: "mono", 2: "stereo"}[sound.shape[0]]
    with av.open(str(path), "w", options=options or {}) as output:
        stream = output.add_stream(codec, rate=rate, layout=layout)
        stream.codec_context.bit_rate = 192_000
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound), "fltp", layout)
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), 0
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def restamped(source: Path, path: Path, stamp: Callable[[Fraction], Fraction | None]) -> Path:
    """A copy with other timestamps; packets that get none are left out."""
    with av.open(str(source)) as media, av.open(str(path), "w") as output:
        track = media.streams.audio[0]
        copy = output.add_stream_from_template(track)
        for packet in media.demux(track):
            time = stamp(packet.pts * packet.time_base) if packet.size else None
            if time is not None:
                packet.pts = packet.dts = round(time / packet.time_base)
                packet.stream = copy
                output.mux(packet)
    return path


def decoded(path: Path, track: int = 0) -> np.ndarray:
    """All samples as they come out of the decoder, one frame after the other."""
    with av.open(str(path)) as media:
        resampler = av.AudioResampler("fltp", rate=RATE)
        frames = [
            part for frame in media.decode(media.streams.audio[track]) for part in resampler.resample(frame)
        ] + resampler.resample(None)
    return np.concatenate([frame.to_ndarray() for frame in frames if frame is not None], axis=1)


def at_speeds(*pieces: tuple[Any, Any, Any]) -> Timeline:
    """A timeline from (start, end, speed)."""
    return Timeline(tuple(Piece(*(Fraction(str(value)) for value in piece)) for piece in pieces))


def opened(
    path: Path,
    timeline: Timeline,
    seconds: float | None = None,
    *,
    start: float = 0,
    channels: int | None = None,
    audio: AudioInfo | None = None,
) -> ClipSound:
    """The sound of a clip of a file, as a renderer asks for it."""
    info = probe(path)
    audio = audio or info.audio
    assert audio is not None
    origin = info.video.start if info.video else Fraction(0)
    samples = round((float(timeline.duration) if seconds is None else seconds) * RATE)
    channels = channels or min(2, audio.channels)
    return clip_sound(path, audio, origin, timeline, Fraction(str(start)), samples, channels)


def heard(path: Path, timeline: Timeline, seconds: float | None = None, **asked: Any) -> np.ndarray:
    """All of it in one array."""
    return np.concatenate(list(opened(path, timeline, seconds, **asked)), axis=1)


def stretch(start: float, end: float) -> Timeline:
    """A part of a source at normal speed."""
    return at_speeds((start, end, NORMAL))
