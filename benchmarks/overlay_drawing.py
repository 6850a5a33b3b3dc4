"""What drawing a highlight costs: CPU milliseconds per 1080p frame, all threads together.

Run with ``python -m benchmarks.overlay_drawing [frames]``.
"""

import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av

from clipmill.engines.overlay.painter import Painter
from clipmill.engines.planes import Orientation
from clipmill.engines.sample_match import draw_match
from clipmill.function.overlay_shapes import OverlayLook
from clipmill.media.choices import Effect, HighlightShape
from clipmill.media.geometry import Size

SIZE = Size(1920, 1080)
RATE = Fraction(30)
ELLIPSES = {"player": (60, 110), "near player": (150, 300)}


def look(effect: Effect, shape: HighlightShape, radii: tuple[int, int], seconds: Fraction) -> OverlayLook:
    """One region that crosses the frame and grows, so that no frame repeats the one before."""
    key = {"x": 300, "y": 500, "radius_x": radii[0], "radius_y": radii[1]}
    keys = [key | {"time": 0}, key | {"time": float(seconds), "x": 1500, "radius_x": radii[0] + 20}]
    region = {"start_time": 0, "end_time": float(seconds), "exit_fade": 0, "keyframes": keys}
    settings = {"highlight_shape": shape.value, "highlight_color": "#FFD400"}
    return OverlayLook.parse({"highlight_regions": [region], "effect_type": effect.value, "overlay_settings": settings})


def scene() -> list[av.VideoFrame]:
    """Some frames of the drawn match."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "match.mp4"
        draw_match(path, seconds=1, size=(SIZE.width, SIZE.height), rate=RATE)
        with av.open(str(path)) as match:
            return [frame.reformat(format="yuv420p") for frame in match.decode(video=0)]


def cost_ms(painter: Painter, frames: list[av.VideoFrame], count: int) -> float:
    orientation = Orientation(SIZE, SIZE, 0, mirrored=False)
    painter.paint(frames[0], Fraction(0), orientation)
    started = time.process_time()
    for number in range(count):
        painter.paint(frames[number % len(frames)], number / RATE, orientation)
    return (time.process_time() - started) / count * 1000


def table(count: int) -> str:
    frames = scene()
    columns = [(shape, name) for shape in HighlightShape for name in ELLIPSES]
    lines = ["| effect | " + " | ".join(f"{shape.value}, {name}" for shape, name in columns) + " |"]
    lines.append("|---" * (len(columns) + 1) + "|")
    for effect in Effect:
        costs = [
            cost_ms(
                Painter(look(effect, shape, ELLIPSES[name], count / RATE).highlights(RATE, count / RATE, SIZE)),
                frames,
                count,
            )
            for shape, name in columns
        ]
        lines.append(f"| {effect.value} | " + " | ".join(f"{cost:.1f}" for cost in costs) + " |")
    return "\n".join([*lines, "", f"CPU ms per frame, {count} frames each, ellipse radii {ELLIPSES}."])


if __name__ == "__main__":
    print(table(int(sys.argv[1]) if len(sys.argv) > 1 else 120))
