"""The sources of the benchmarks: a minute of 1080p30 from real sport clips, or from the drawn match without them."""

import os
import subprocess
from fractions import Fraction
from pathlib import Path

from clipmill.engines.sample_match import draw_match

CLIPS = ("marathon_run.mp4", "concat_1_cat.mp4", "soccer_juggle_720p.mp4", "concat_2_skater.mp4")
SECONDS_EACH = 15


def media_folder() -> Path:
    """Where the real footage lies, beside the repository unless the environment says otherwise."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "media"
    return Path(os.environ.get("CLIPMILL_TEST_MEDIA", beside)) / "footage" / "sport"


def real_minute(folder: Path) -> Path | None:
    """Four real clips from moving cameras, 15 s each, as one 1080p30 file with sound; None where there is no footage."""
    path = folder / "real_minute.mp4"
    clips = [media_folder() / name for name in CLIPS]
    if not all(clip.exists() for clip in clips):
        return None
    if not path.exists():
        inputs = [part for clip in clips for part in ("-stream_loop", "20", "-t", str(SECONDS_EACH), "-i", str(clip))]
        fitted = "scale=1920:1080:force_original_aspect_ratio=increase,crop=1920:1080,fps=30,setsar=1,format=yuv420p"
        parts = "".join(
            f"[{n}:v]{fitted},trim=duration={SECONDS_EACH},setpts=PTS-STARTPTS[v{n}];" for n in range(len(clips))
        )
        graph = parts + "".join(f"[v{n}]" for n in range(len(clips))) + f"concat=n={len(clips)}[v]"
        sound = ["-f", "lavfi", "-i", "sine=330:r=48000"]
        shaped = ["-filter_complex", graph, "-map", "[v]", "-map", f"{len(clips)}:a", "-t", "60"]
        coded = ["-c:v", "libx264", "-preset", "medium", "-crf", "20", "-c:a", "aac", "-b:a", "192k"]
        command = ["ffmpeg", "-v", "error", "-y", *inputs, *sound, *shaped, *coded, str(path)]
        subprocess.run(command, check=True)
    return path


def drawn_minute(folder: Path) -> Path:
    """The drawn match: a fixed camera, so a crop that moves costs the encoder more than one that stands still."""
    path = folder / "drawn_minute.mp4"
    if not path.exists():
        draw_match(path, seconds=60, size=(1920, 1080), rate=Fraction(30))
    return path
