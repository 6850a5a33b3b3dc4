"""A reel of eight clips of six seconds with dissolves, against ffmpeg's xfade graph; and one clip of it edited."""

import json
import shutil
import sys
from pathlib import Path

from benchmarks.footage import drawn_minute, real_minute
from benchmarks.pairs import compare

CLIPS, SECONDS, OVERLAP = 8, 6, 0.5


def request(source: Path, target: Path, *, edited: bool = False) -> dict[str, object]:
    """The multi-clip request; ``edited`` moves the crop of one clip."""
    clips = [
        {
            "source_key": f"files{source}",
            "name": f"Clip {n + 1}",
            "source_start_time": 7 * n,
            "source_end_time": 7 * n + SECONDS,
            "crop_keyframes": [
                {"time": 0, "x": 656.25 + (30 if edited and n == 3 else 0), "y": 0, "width": 607.5, "height": 1080}
            ],
        }
        for n in range(CLIPS)
    ]
    transition = {"type": "dissolve", "duration": OVERLAP}
    return {"clips": clips, "transition": transition, "output_key": f"files{target}", "encoder": "x264"}


def xfade(source: Path, target: Path) -> list[str]:
    """The same reel as one ffmpeg graph."""
    inputs = [part for n in range(CLIPS) for part in ("-ss", str(7 * n), "-t", str(SECONDS), "-i", str(source))]
    parts = [f"[{n}:v]crop=608:1080:656:0,scale=1080:1920,fps=30,settb=1/30,setsar=1[v{n}]" for n in range(CLIPS)]
    picture, sound = "v0", "0:a"
    for n in range(1, CLIPS):
        offset = n * (SECONDS - OVERLAP)
        parts.append(f"[{picture}][v{n}]xfade=transition=fade:duration={OVERLAP}:offset={offset}[x{n}]")
        parts.append(f"[{sound}][{n}:a]acrossfade=d={OVERLAP}:c1=qsin:c2=qsin[a{n}]")
        picture, sound = f"x{n}", f"a{n}"
    mapped = ["-filter_complex", ";".join(parts), "-map", f"[{picture}]", "-map", f"[{sound}]"]
    encode = ["-c:v", "libx264", "-preset", "fast", "-crf", "23", "-g", "60", "-pix_fmt", "yuv420p"]
    return [
        "ffmpeg",
        "-v",
        "error",
        "-y",
        *inputs,
        *mapped,
        *encode,
        "-c:a",
        "aac",
        "-b:a",
        "192k",
        "-movflags",
        "+faststart",
        str(target),
    ]


def commands(source: Path, folder: Path) -> dict[str, list[str]]:
    """The ways to compare, ours first."""
    whole, edited = folder / "reel.json", folder / "reel_edited.json"
    whole.write_text(json.dumps(request(source, folder / "reel.mp4")))
    edited.write_text(json.dumps(request(source, folder / "reel_edited.mp4", edited=True)))
    call = [sys.executable, "-m", "benchmarks.call", "export_multi_clip"]
    filled, used = folder / "filled", folder / "used"
    fill = f"rm -rf {filled} {used} && exec {' '.join([*call, str(whole), str(filled)])}"
    again = f"rm -rf {used} && cp -r {filled} {used} && exec {' '.join([*call, str(edited), str(used)])}"
    return {
        "clipmill, eight clips": ["sh", "-c", fill],
        "ffmpeg, xfade graph": xfade(source, folder / "xfade.mp4"),
        "clipmill, one of eight edited": ["sh", "-c", again],
    }


def tables(folder: Path, rounds: int) -> str:
    """Every table of this benchmark."""
    sources = {"real footage": real_minute(folder), "drawn match": drawn_minute(folder)}
    parts = [
        compare(f"Reel of {CLIPS} clips, {name}", commands(source, folder), rounds)
        for name, source in sources.items()
        if source is not None
    ]
    shutil.rmtree(folder / "filled", ignore_errors=True)
    shutil.rmtree(folder / "used", ignore_errors=True)
    return "\n".join(parts)
