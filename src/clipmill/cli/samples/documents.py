"""The parts that a sample reel is written with.

Convention: times of a clip count from its own start, at the speed of the source; boxes are pixels of its source.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from clipmill.media.geometry import Box, Size

OUTPUT = Size(1080, 1920)
TRANSITION_S = Fraction(1, 2)
SLOW = Fraction(1, 2)


def document(source: str, clips: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A whole reel: clips of one source, joined by dissolves."""
    return {
        "output_key": "reel.mp4",
        "output_width": OUTPUT.width,
        "output_height": OUTPUT.height,
        "fps": 30,
        "interpolation": "smooth",
        "transition": {"type": "dissolve", "duration": float(TRANSITION_S)},
        "clips": [{"clip_index": index, "source_key": source} | clip for index, clip in enumerate(clips)],
    }


def clip(
    name: str,
    window: tuple[Fraction, Fraction],
    keyframes: Iterable[tuple[Fraction, Box]],
    slow: tuple[Fraction, Fraction] | None,
) -> dict[str, Any]:
    """A window of the source with a moving crop; ``slow`` runs at half speed."""
    found: dict[str, Any] = {
        "name": name,
        "source_start_time": _seconds(window[0]),
        "source_end_time": _seconds(window[1]),
        "crop_keyframes": [_keyframe(time, box) for time, box in keyframes],
    }
    if slow:
        part = {"start": _seconds(slow[0]), "end": _seconds(slow[1]), "speed": float(SLOW)}
        found["segments_data"] = {"segments": [part]}
    return found


def _keyframe(time: Fraction, box: Box) -> dict[str, float]:
    numbers = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
    return {"time": _seconds(time)} | {name: round(value, 2) for name, value in numbers.items()}


def _seconds(time: Fraction) -> float:
    return round(float(time), 3)
