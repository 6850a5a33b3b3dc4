"""Smart rendering: ten seconds of a long game, a highlight in five minutes, a compilation, foreign clips with dissolves."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.footage import drawn_minute, real_minute
from benchmarks.pairs import compare
from benchmarks.range_server import CREDENTIALS, range_server
from clipmill.functions.catalog import CATALOG
from clipmill.jobs.job import Job, new_job_id
from clipmill.jobs.machine import Machine
from clipmill.jobs.perform import perform
from clipmill.storage.open import open_store

X264 = ["-c:v", "libx264", "-preset", "fast", "-crf", "23", "-g", "60", "-pix_fmt", "yuv420p"]
MP4 = ["-movflags", "+faststart"]
FFMPEG = ["ffmpeg", "-v", "error", "-y"]
GAME_MINUTES, FILM_MINUTES = 45, 5
CUT = (1357.3, 1367.3)
HIGHLIGHTS = ((61.2, 65.2), (140.0, 144.0), (233.5, 237.5))
CLIPS, CLIP_S = 20, 6
FOREIGN, OVERLAP = 8, 0.5


def looped(minute: Path, minutes: int) -> Path:
    """The same picture over and over, its packets copied, with sound of the same length."""
    path = minute.with_name(f"{minute.stem}_x{minutes}.mp4")
    if not path.exists():
        # Without its own sound, which is a little longer than the picture and would leave a gap at every turn.
        picture = minute.with_name(f"{minute.stem}_picture.mp4")
        subprocess.run([*FFMPEG, "-i", str(minute), "-map", "0:v", "-c", "copy", str(picture)], check=True)
        loop = ["-stream_loop", str(minutes - 1), "-i", str(picture), "-f", "lavfi", "-i", "sine=330:r=48000"]
        both = ["-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac", "-t", str(60 * minutes)]
        subprocess.run([*FFMPEG, *loop, *both, *MP4, str(path)], check=True)
    return path


def foreign(minute: Path, number: int) -> Path:
    """One of several clips that another program wrote, all alike."""
    path = minute.with_name(f"{minute.stem}_foreign_{number}.mp4")
    if not path.exists():
        cut = ["-ss", str(7 * number), "-t", "6", "-i", str(minute)]
        subprocess.run([*FFMPEG, *cut, *X264, "-c:a", "aac", *MP4, str(path)], check=True)
    return path


def call(function: str, request: dict[str, object], folder: Path, name: str) -> list[str]:
    """Our way."""
    path = folder / f"{name}.json"
    path.write_text(json.dumps(request))
    return [sys.executable, "-m", "benchmarks.call", function, str(path)]


def cut(minute: Path, folder: Path, rounds: int) -> str:
    """Ten seconds out of a game."""
    game, (start, end) = looped(minute, GAME_MINUTES), CUT
    clips = [{"start_time": start, "end_time": end}]
    request = {"input_key": f"files{game}", "output_prefix": f"files{folder}/cut", "clips": clips, "encoder": "x264"}
    seek = ["-ss", str(start), "-t", str(end - start), "-i", str(game)]
    ways = {
        "clipmill": call("extract_clips", request, folder, "cut"),
        "ffmpeg, exact": [*FFMPEG, *seek, *X264, "-c:a", "aac", *MP4, str(folder / "cut_ffmpeg.mp4")],
    }
    return compare(f"Ten seconds out of {GAME_MINUTES} minutes", ways, rounds)


def remote(minute: Path) -> str:
    """The same ten seconds out of a bucket: how much of the object is read."""
    game = looped(minute, GAME_MINUTES)
    lines = [
        "### Ten seconds out of a bucket",
        "",
        "| answers after | requests | MB | of the object | wall s |",
        "|---|---|---|---|---|",
    ]
    request = {"input_key": game.name, "output_prefix": "clips", "clips": [{"start_time": CUT[0], "end_time": CUT[1]}]}
    with range_server(minute.parent) as server, tempfile.TemporaryDirectory() as scratch:
        store = open_store(server.url, CREDENTIALS)
        machine = Machine(store=store, catalogue=CATALOG, scratch_root=Path(scratch), environment=os.environ)
        for latency_ms in (0, 30):
            server.latency_s = latency_ms / 1000
            server.reset()
            started = time.perf_counter()
            perform(Job(new_job_id(), "extract_clips", request, kept=False), machine).value()
            took, share = time.perf_counter() - started, 100 * server.bytes_sent / game.stat().st_size
            cells = f"{server.requests} | {server.bytes_sent / 1e6:.1f} | {share:.2f} % | {took:.1f}"
            lines.append(f"| {latency_ms} ms | {cells} |")
    return "\n".join([*lines, ""])


def highlight(minute: Path, folder: Path, rounds: int) -> str:
    """Three highlights of four seconds in five minutes."""
    film = looped(minute, FILM_MINUTES)
    regions = [
        {
            "start_time": start,
            "end_time": end,
            "keyframes": [
                {"time": start, "x": 400, "y": 600, "radius_x": 60, "radius_y": 110},
                {"time": end, "x": 900, "y": 640, "radius_x": 60, "radius_y": 110},
            ],
        }
        for start, end in HIGHLIGHTS
    ]
    look = {"highlight_regions": regions, "effect_type": "spotlight", "encoder": "x264"}
    request = look | {"input_key": f"files{film}", "output_key": f"files{folder}/highlight.mp4"}
    whole = request | {"smart_render": False, "output_key": f"files{folder}/highlight_whole.mp4"}
    drawn = ",".join(
        f"drawbox=x=340:y=490:w=120:h=220:color=white:t=2:enable='between(t,{start},{end})'"
        for start, end in HIGHLIGHTS
    )
    ranges = ",".join(f"{start}-{end}" for start, end in HIGHLIGHTS)
    target = str(folder / "highlight_opencv.mp4")
    ways = {
        "clipmill": call("render_overlay", request, folder, "highlight"),
        "clipmill, all encoded": call("render_overlay", whole, folder, "highlight_whole"),
        "ffmpeg, all encoded, a box": [
            *FFMPEG, "-i", str(film), "-vf", drawn, *X264, "-c:a", "copy", *MP4, str(folder / "highlight_ffmpeg.mp4")
        ],
        "OpenCV, floats, pipe": [sys.executable, "-m", "benchmarks.opencv_overlay", str(film), target, ranges],
    }  # fmt: skip
    return compare(f"Three highlights of 4 s in {FILM_MINUTES} minutes", ways, rounds)


def compilation(minute: Path, folder: Path, rounds: int) -> str:
    """Twenty clips of one game, one after the other."""
    game = looped(minute, GAME_MINUTES)
    starts = [31.4 + 130.7 * number for number in range(CLIPS)]
    clips = [{"start_time": start, "end_time": start + CLIP_S, "name": f"Clip {n}"} for n, start in enumerate(starts)]
    base = {"input_key": f"files{game}", "clips": clips, "outputs": ["compilation"], "encoder": "x264"}
    plain = base | {"banner": False, "output_key": f"files{folder}/compilation.mp4"}
    three = plain | {"clips": clips[:3], "output_key": f"files{folder}/compilation_three.mp4"}
    banner = base | {"output_key": f"files{folder}/compilation_banner.mp4"}
    inputs = [part for start in starts for part in ("-ss", str(start), "-t", str(CLIP_S), "-i", str(game))]
    graph = "".join(f"[{n}:v][{n}:a]" for n in range(CLIPS)) + f"concat=n={CLIPS}:v=1:a=1[v][a]"
    mapped = ["-filter_complex", graph, "-map", "[v]", "-map", "[a]"]
    ways = {
        "clipmill, no banner": call("extract_clips", plain, folder, "compilation"),
        "clipmill, three clips": call("extract_clips", three, folder, "compilation_three"),
        "clipmill, with banners": call("extract_clips", banner, folder, "compilation_banner"),
        "ffmpeg, concat graph": [*FFMPEG, *inputs, *mapped, *X264, *MP4, str(folder / "compilation_ffmpeg.mp4")],
    }
    return compare(f"{CLIPS} clips of {CLIP_S} s of one game", ways, rounds)


def dissolves(minute: Path, folder: Path, rounds: int) -> str:
    """Foreign clips with dissolves."""
    paths = [foreign(minute, number) for number in range(FOREIGN)]
    request = {
        "clip_keys": [f"files{path}" for path in paths],
        "output_key": f"files{folder}/dissolves.mp4",
        "transition_type": "dissolve",
        "transition_duration": OVERLAP,
        "encoder": "x264",
    }
    parts, picture, sound = [], "0:v", "0:a"
    for n in range(1, FOREIGN):
        offset = n * (6 - OVERLAP)
        parts.append(f"[{picture}][{n}:v]xfade=transition=fade:duration={OVERLAP}:offset={offset}[x{n}]")
        parts.append(f"[{sound}][{n}:a]acrossfade=d={OVERLAP}:c1=qsin:c2=qsin[a{n}]")
        picture, sound = f"x{n}", f"a{n}"
    inputs = [part for path in paths for part in ("-i", str(path))]
    mapped = ["-filter_complex", ";".join(parts), "-map", f"[{picture}]", "-map", f"[{sound}]"]
    ways = {
        "clipmill": call("concatenate_clips", request, folder, "dissolves"),
        "ffmpeg, xfade graph": [*FFMPEG, *inputs, *mapped, *X264, *MP4, str(folder / "dissolves_ffmpeg.mp4")],
    }
    return compare(f"{FOREIGN} foreign clips with dissolves", ways, rounds)


def tables(folder: Path, rounds: int) -> str:
    """Every table of this benchmark."""
    minute = real_minute(folder) or drawn_minute(folder)
    tables = [table(minute, folder, rounds) for table in (cut, highlight, compilation, dissolves)]
    return "\n".join([*tables, remote(minute)])
