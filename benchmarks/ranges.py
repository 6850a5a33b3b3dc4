"""What a clip out of 45 minutes of 1080p in a bucket costs: ``python -m benchmarks.ranges [--folder PATH]``.

The bucket is a server on loopback that counts the ranges it is asked for, and lets each answer wait 0 or 30 ms. Every
case counts every opening of the file. The job runs as always: a child process asks its parent for each byte.
"""

import argparse
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path

from benchmarks.range_server import CREDENTIALS, RangeServer, range_server
from clipmill.engines.decode import PictureReader
from clipmill.engines.probe import probe, require_video
from clipmill.engines.sound_source import SoundSource
from clipmill.functions.catalog import CATALOG
from clipmill.jobs.job import Job, new_job_id
from clipmill.jobs.machine import Machine
from clipmill.jobs.perform import perform
from clipmill.media.info import MediaInfo
from clipmill.storage.open import open_store
from clipmill.storage.reader import RangedReader
from clipmill.storage.store import Store

MINUTES, CLIP_S = 45, 10
AT_S = 2600
LATENCIES_MS = (0, 30)
HOPPING = "fragments.mp4"
"""libav reads the head of each of its 1350 fragments at each opening, one by one: not waited for with slow answers."""
KINDS = {
    "moov_at_the_end.mp4": [],
    "moov_at_the_start.mp4": ["-movflags", "faststart"],
    "cues_at_the_end.mkv": [],
    HOPPING: ["-movflags", "frag_keyframe+empty_moov+default_base_moof"],
}
LONG_READ = 256 << 20


def film(folder: Path, name: str) -> Path:
    """45 minutes of 1080p30 at 5 Mbit/s with sound: ten seconds, again and again."""
    path, part = folder / name, folder / "ten_seconds.mp4"
    if not part.exists():
        picture = ["-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=30,noise=alls=12:allf=t,format=yuv420p"]
        sound = ["-f", "lavfi", "-i", "sine=330:r=48000", "-t", "10", "-c:a", "aac", "-b:a", "192k"]
        rate = ["-b:v", "5M", "-maxrate", "5M", "-bufsize", "5M", "-g", "60"]
        coded = ["-c:v", "libx264", "-preset", "ultrafast", *rate]
        _ffmpeg([*picture, *sound, *coded, str(part)])
    if not path.exists():
        loop = ["-stream_loop", str(MINUTES * 6 - 1), "-i", str(part), "-t", str(MINUTES * 60), "-c", "copy"]
        _ffmpeg([*loop, *KINDS[name], str(path)])
    return path


def _ffmpeg(arguments: list[str]) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True)


def _cases(store: Store, path: Path, folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """What is measured, in this order, on one opened source: later cases find what earlier ones fetched."""
    with RangedReader(store, path.name) as file:
        info: list[MediaInfo] = []
        yield "probe", lambda: info.append(probe(file))
        yield "probe once more", lambda: probe(file)
        yield (
            "a picture at 60 s, 1300 s and 2600 s",
            lambda: [_pictures(file, info[0], at, 1) for at in (60, 1300, 2600)],
        )
        yield "a second of sound at 2000 s", lambda: _sound(file, info[0], 2000, 1)
    with RangedReader(store, path.name) as file:
        yield "probe, then 10 s of picture and sound", lambda: _clip(file)
    yield "process_framing of 10 s, as a job", lambda: _framing(store, path, folder)


def _pictures(file: RangedReader, info: MediaInfo, at: int, count: int) -> None:
    video = require_video(info)
    times = [at + number / video.rate for number in range(count)]
    for _ in PictureReader(file, video, 1).on_screen(times):
        pass


def _sound(file: RangedReader, info: MediaInfo, at: int, seconds: int) -> None:
    assert info.audio is not None
    with closing(SoundSource(file, info.audio).samples(at * 48000, 2)) as samples:
        heard = 0
        while heard < seconds * 48000:
            heard += next(samples).shape[1]


def _clip(file: RangedReader) -> None:
    """Picture and sound in turn, as a render reads them."""
    info = probe(file)
    video = require_video(info)
    assert info.audio is not None
    with closing(SoundSource(file, info.audio).samples(AT_S * 48000, 2)) as samples:
        heard = 0
        sights = PictureReader(file, video, 1).on_screen(AT_S + Fraction(n, 30) for n in range(CLIP_S * 30))
        for number, _ in enumerate(sights, 1):
            while heard < number * 1600:
                heard += next(samples).shape[1]


def _framing(store: Store, path: Path, folder: Path) -> None:
    request = {
        "input_key": path.name,
        "output_key": "clip.mp4",
        "source_start_time": AT_S,
        "source_end_time": AT_S + CLIP_S,
        "output_width": 270,
        "output_height": 480,
        "quality": "draft",
        "encoder": "x264",
    }
    machine = Machine(store=store, catalogue=CATALOG, scratch_root=folder / "scratch", environment=os.environ)
    perform(Job(new_job_id(), "process_framing", request, kept=False), machine).value()


def table(folder: Path, server: RangeServer, latency_ms: int) -> str:
    """One Markdown table: every case of every kind of file."""
    server.latency_s = latency_ms / 1000
    store = open_store(server.url, CREDENTIALS)
    lines = [f"### Answers after {latency_ms} ms", "", "| file | what | requests | at once | MB | of the file | s |"]
    lines.append("|---|---|---|---|---|---|---|")
    for name in KINDS:
        if name == HOPPING and latency_ms:
            continue
        path = film(folder, name)
        for what, do in _cases(store, path, folder):
            lines.append(_row(server, path, what, do))
            print(lines[-1], flush=True)
    return "\n".join([*lines, ""])


def _row(server: RangeServer, path: Path, what: str, do: Callable[[], object]) -> str:
    server.reset()
    started = time.perf_counter()
    do()
    took = time.perf_counter() - started
    share = 100 * server.bytes_sent / path.stat().st_size
    cells = (path.name, what, server.requests, server.most_at_once, f"{server.bytes_sent / 1e6:.2f}", f"{share:.2f} %")
    return f"| {' | '.join(map(str, cells))} | {took:.2f} |"


def long_read(folder: Path, server: RangeServer, latency_ms: int) -> str:
    """How fast 256 MiB come to a reader that does nothing else."""
    server.latency_s = latency_ms / 1000
    store = open_store(server.url, CREDENTIALS)
    server.reset()
    with RangedReader(store, film(folder, "moov_at_the_end.mp4").name) as file:
        file.seek(LONG_READ)
        started = time.perf_counter()
        for _ in range(0, LONG_READ, 32_768):
            file.read(32_768)
        took = time.perf_counter() - started
    return f"256 MiB in one run, answers after {latency_ms} ms: {LONG_READ / took / 1e6:.0f} MB/s in {server.requests} requests.\n"


def tables(folder: Path) -> str:
    """Every table of this benchmark."""
    with range_server(folder) as server:
        parts = [table(folder, server, latency_ms) for latency_ms in LATENCIES_MS]
        parts += [long_read(folder, server, latency_ms) for latency_ms in LATENCIES_MS]
    return "\n".join(parts)


def main() -> None:
    """Make the films where they are missing, 1.8 GB each, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("bench-output"))
    folder = parser.parse_args().folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    print(tables(folder))


if __name__ == "__main__":
    main()
