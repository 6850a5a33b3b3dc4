"""The film of the sample match: its pictures encoded, its sound beside them.

It is a source, stored as a camera would store it, not an output: so it has an encoder setting of its own.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from clipmill.engines.sample_match import sound as voices
from clipmill.engines.sample_match.painter import MatchPainter
from clipmill.engines.sample_match.pitch import View
from clipmill.engines.sample_match.story import LENGTH, Story
from clipmill.engines.sample_match.truth import MatchTruth, match_truth
from clipmill.media.sound import SAMPLE_RATE, audio_length

BT709, LIMITED = 1, 1
ENCODER = {"preset": "veryfast", "crf": "20"}
SOUND_BITS = 128_000

OnProgress = Callable[[int, int], None]
"""Told the frames done and all there are."""


def draw_match(
    path: Path,
    *,
    seconds: Fraction | int = 24,
    size: tuple[int, int] = (1280, 720),
    rate: Fraction | int = 30,
    seed: int = 7,
    on_progress: OnProgress | None = None,
) -> MatchTruth:
    """Draw a match as MP4, picture and sound of the same length; the same arguments give the same pictures."""
    truth = match_truth(seconds, size, rate, seed)
    with av.open(path, "w", format="mp4", options={"movflags": "+faststart"}) as movie:
        picture = movie.add_stream("libx264", rate=truth.rate, options=ENCODER)
        voice = movie.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
        assert isinstance(picture, VideoStream)
        assert isinstance(voice, AudioStream)
        _configure(picture, truth)
        voice.codec_context.bit_rate = SOUND_BITS
        for packet in voice.encode(_sound_frame(truth)) + voice.encode(None):
            movie.mux(packet)
        for number, frame in enumerate(_frames(truth), start=1):
            movie.mux(picture.encode(frame))
            if on_progress:
                on_progress(number, truth.frames)
        movie.mux(picture.encode(None))
    return truth


def _configure(stream: VideoStream, truth: MatchTruth) -> None:
    context = stream.codec_context
    context.width, context.height = truth.size.width, truth.size.height
    context.pix_fmt = "yuv420p"
    context.time_base = 1 / truth.rate
    context.gop_size = round(2 * truth.rate)
    context.color_primaries = context.color_trc = context.colorspace = BT709
    context.color_range = LIMITED


def _frames(truth: MatchTruth) -> Iterator[av.VideoFrame]:
    painter = MatchPainter(Story(truth.seed), View(truth.size), truth.seed)
    for number in range(truth.frames):
        frame = av.VideoFrame(truth.size.width, truth.size.height, "yuv420p")
        planes = [
            np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, -1)[:, : plane.width]
            for plane in frame.planes
        ]
        time = number / truth.rate
        painter.paint(planes, float(time), truth.clock_at(time), truth.score_at(time))
        frame.pts, frame.time_base = number, 1 / truth.rate
        yield frame


def _sound_frame(truth: MatchTruth) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(match_sound(truth), "fltp", "stereo")
    frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, Fraction(1, SAMPLE_RATE), 0
    return frame


def match_sound(truth: MatchTruth) -> voices.Samples:
    """The whole sound track, as long as the picture."""
    stirs = [
        *((time, 0.35) for time in truth.shots),
        *((time, 0.35) for time in truth.saves),
        *((time, 1.0) for time in truth.goals),
    ]
    sound = voices.crowd(audio_length(truth.frames, truth.rate), stirs, truth.seed)
    story = Story(truth.seed)
    for time in truth.kicks:
        side = story.ball_at(float(time))[0] / LENGTH * 2 - 1
        voices.lay(sound, voices.kick(truth.seed), time, side)
    for time in truth.whistles:
        seconds = voices.WHISTLE_SECONDS * (1 if time in truth.kick_offs else 2)
        voices.lay(sound, voices.whistle(seconds), time)
    return voices.mastered(sound)
