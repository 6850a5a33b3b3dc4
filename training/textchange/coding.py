"""What cameras, scalers and codecs do to a strip."""

import io
from random import Random

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Scene = NDArray[np.uint8]


def worn(random: Random, strips: list[Scene]) -> list[Scene]:
    """The strips as a viewer gets them: sometimes soft, noisy, and mostly compressed."""
    if random.random() < 0.2:
        less = random.uniform(0.45, 0.9)
        strips = [_softened(strip, less) for strip in strips]
    if random.random() < 0.2:
        noise = np.random.default_rng(random.randrange(1 << 32))
        amount = random.uniform(1, 9)
        strips = [np.clip(strip + noise.normal(0, amount, strip.shape), 0, 255).astype(np.uint8) for strip in strips]
    kind = random.random()
    if kind < 0.3:
        quality = random.randint(25, 92)
        return [_jpeg(strip, quality) for strip in strips]
    if kind < 0.7:
        return _coded(strips, random.randint(17, 36))
    return strips


def _softened(strip: Scene, less: float) -> Scene:
    height, width = strip.shape[:2]
    small = cv2.resize(strip, (round(width * less), round(height * less)), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def _jpeg(strip: Scene, quality: int) -> Scene:
    coded = cv2.imencode(".jpg", strip, (cv2.IMWRITE_JPEG_QUALITY, quality))[1]
    return cv2.imdecode(coded, cv2.IMREAD_COLOR)


def _coded(strips: list[Scene], crf: int) -> list[Scene]:
    height, width = strips[0].shape[:2]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as made:
        stream = made.add_stream("libx264", rate=10, options={"crf": str(crf), "preset": "veryfast", "threads": "1"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for strip in strips:
            made.mux(stream.encode(av.VideoFrame.from_ndarray(strip, format="rgb24")))
        made.mux(stream.encode())
    buffer.seek(0)
    with av.open(buffer) as read:
        read.streams.video[0].codec_context.thread_count = 1
        return [frame.to_ndarray(format="rgb24") for frame in read.decode(video=0)]
