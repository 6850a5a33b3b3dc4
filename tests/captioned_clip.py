"""A short video with burnt-in captions whose text and times are known."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from clipmill.engines import lettering

FACE = Path(lettering.__file__).parent / "faces" / "DejaVuSans-Bold.ttf"
RATE = 10
SIZE = (640, 360)
CAPTIONS = ((5, 20, "The keeper saves it"), (20, 32, "What a long throw"), (40, 55, "Back to the left side"))
"""First frame, frame after the last, text."""


def captioned_clip(
    path: Path, frames: int = 60, captions: Sequence[tuple[int, int, str]] = CAPTIONS, seed: int = 1
) -> Path:
    """White letters with a black edge over a field that drifts."""
    field = np.random.default_rng(seed).integers(40, 150, (SIZE[1] // 20, SIZE[0] // 20 + 6, 3), np.uint8)
    field = np.asarray(Image.fromarray(field).resize((SIZE[0] + 120, SIZE[1]), Image.Resampling.BICUBIC))
    font = ImageFont.truetype(FACE, 26)
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", RATE, options={"preset": "ultrafast", "crf": "18"})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for number in range(frames):
            picture = Image.fromarray(field[:, 2 * number % 120 :][:, : SIZE[0]])
            text = next((text for first, end, text in captions if first <= number < end), "")
            ImageDraw.Draw(picture).text(
                (SIZE[0] / 2, 320), text, "white", font, "mm", stroke_width=2, stroke_fill="black"
            )
            frame = av.VideoFrame.from_image(picture)
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
