"""Framing a minute of 1080p to 1080x1920 with a moving crop, against ffmpeg, an OpenCV pipe and MoviePy.

All encode with x264 preset fast, crf 23, groups of two seconds. A moving crop gives the encoder more to do, most of all
where the camera stands still: so both ways stand here with a fixed and with a moving crop.
"""

import json
import sys
from itertools import pairwise
from pathlib import Path

from benchmarks.footage import drawn_minute, real_minute
from benchmarks.pairs import compare

CROP = {"y": 0, "width": 607.5, "height": 1080}
PATH = (
    (0, 420),
    (4, 560),
    (9, 500),
    (14, 700),
    (20, 640),
    (27, 820),
    (33, 760),
    (40, 600),
    (47, 680),
    (54, 540),
    (60, 620),
)
"""Seconds and left edges: a crop that follows play from side to side, up to 40 px a second."""


def commands(source: Path, folder: Path) -> dict[str, list[str]]:
    """The ways to compare, ours first."""
    keyframes = [{"time": time, "x": x, **CROP} for time, x in PATH]
    options = {"crop_keyframes": keyframes, "interpolation": "smooth", "encoder": "x264"}
    keys = {"input_key": f"files{source}", "output_key": f"files{folder}/ours.mp4"}
    request = folder / "framing.json"
    request.write_text(json.dumps(keys | options))
    encode = ["-c:v", "libx264", "-preset", "fast", "-crf", "23", "-g", "60", "-pix_fmt", "yuv420p"]
    sound = ["-c:a", "aac", "-b:a", "192k", "-movflags", "+faststart"]
    ffmpeg = ["ffmpeg", "-v", "error", "-y", "-i", str(source), "-vf", "crop=608:1080:656:0,scale=1080:1920"]
    here = [sys.executable, "-m"]
    moving = [
        "ffmpeg",
        "-v",
        "error",
        "-y",
        "-i",
        str(source),
        "-vf",
        f"crop=608:1080:x='{straight(PATH)}':y=0,scale=1080:1920",
    ]
    fixed = folder / "framing_fixed.json"
    fixed.write_text(json.dumps(keys | {"encoder": "x264"}))
    return {
        "clipmill, moving crop": [*here, "benchmarks.call", "process_framing", str(request)],
        "ffmpeg, fixed crop (a)": [*ffmpeg, *encode, *sound, str(folder / "ffmpeg.mp4")],
        "clipmill, fixed crop": [*here, "benchmarks.call", "process_framing", str(fixed)],
        "ffmpeg, crop moving by whole pixels": [*moving, *encode, *sound, str(folder / "moving.mp4")],
        "OpenCV pipe into ffmpeg (b)": [*here, "benchmarks.opencv_pipe", str(source), str(folder / "opencv.mp4")],
        "MoviePy 2 (c)": [*here, "benchmarks.moviepy_way", str(source), str(folder / "moviepy.mp4")],
    }


def straight(path: tuple[tuple[int, int], ...]) -> str:
    """The path as an expression of ffmpeg's crop, straight between its keys."""
    text = str(path[-1][1])
    for (start, x), (end, to) in reversed(list(pairwise(path))):
        text = f"if(lt(t,{end}),{x}+{(to - x) / (end - start):.6f}*(t-{start}),{text})"
    return text


def tables(folder: Path, rounds: int) -> str:
    """Every table of this benchmark."""
    sources = {"real footage": real_minute(folder), "drawn match": drawn_minute(folder)}
    parts = [
        compare(f"Framing 60 s, {name}", commands(source, folder), rounds)
        for name, source in sources.items()
        if source is not None
    ]
    return "\n".join(parts)
