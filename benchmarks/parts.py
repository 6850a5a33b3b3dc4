"""One long framed clip, rendered at once and in parts side by side: ``python -m benchmarks.parts [--seconds 300] [--rounds N]``.

At once an encoder has all cores, in parts each has its share. The source plays a minute of 1080p30 again and again.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.footage import drawn_minute, real_minute
from benchmarks.framing import CROP, PATH
from benchmarks.pairs import compare
from clipmill.functions.catalog import CATALOG
from clipmill.jobs.job import Job, new_job_id
from clipmill.runners.local.runner import LocalRunner
from clipmill.settings import Settings, cores
from clipmill.storage.mounted import MountedStore
from clipmill.storage.open import open_store
from clipmill.workflows.render_in_parts import render_in_parts

MINUTE = 60
SMALL_S, AT_ONCE = 80, 2


def carry_out(request: dict[str, object], parts: int) -> None:
    """Render a call in so many parts, each with its share of the cores; 0 is without parts. It fails loudly."""
    settings = Settings.from_environment()
    with tempfile.TemporaryDirectory() as fresh:
        store = MountedStore(open_store(fresh, {}), {"files": open_store("/", {})})
        machine = replace(settings.machine(store, CATALOG), threads=max(1, cores() // max(1, parts)))
        with LocalRunner(machine, cores()) as runner:
            if parts:
                parted = {"function": "process_framing", "request": request, "parts": parts}
                job = Job(new_job_id(), "render_in_parts", parted, kept=False)
                render_in_parts(job, machine, runner).value()
            else:
                runner.run(Job(new_job_id(), "process_framing", request, kept=False)).value()


def long_source(folder: Path, seconds: int) -> Path:
    """The minute as often as it takes, joined by copying."""
    minute = real_minute(folder) or drawn_minute(folder)
    path = folder / f"{minute.stem}_{seconds}.mp4"
    if not path.exists():
        settings = Settings.from_environment()
        store = MountedStore(open_store(str(folder / "joined"), {}), {"files": open_store("/", {})})
        keys = [f"files{minute}"] * -(-seconds // MINUTE)
        request = {"clip_keys": keys, "output_key": f"files{path}"}
        with LocalRunner(settings.machine(store, CATALOG), cores()) as runner:
            runner.run(Job(new_job_id(), "concatenate_clips", request, kept=False)).value()
    return path


def tables(folder: Path, rounds: int, seconds: int = SMALL_S) -> str:
    """One Markdown table."""
    source = long_source(folder, seconds)
    keyframes = [{"time": time, "x": x, **CROP} for time, x in PATH]
    framing = {"crop_keyframes": keyframes, "encoder": "x264", "source_end_time": seconds}
    keys = {"input_key": f"files{source}", "output_key": f"files{folder}/parts.mp4"}
    request = folder / "parts.json"
    request.write_text(json.dumps(keys | framing))
    here = [sys.executable, "-m", "benchmarks.parts", "--call", str(request), "--parts"]
    ways = {f"clipmill, {AT_ONCE} parts side by side": [*here, str(AT_ONCE)], "clipmill, at once": [*here, "0"]}
    return compare(f"{seconds} s of 1080p30 to 1080x1920", ways, rounds)


def main() -> None:
    """Compare, or carry out one of the ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=SMALL_S)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("bench-output"))
    parser.add_argument("--call", type=Path, help="a request to carry out")
    parser.add_argument("--parts", type=int, default=0)
    chosen = parser.parse_args()
    if chosen.call:
        carry_out(json.loads(chosen.call.read_text()), chosen.parts)
        return
    folder = chosen.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    print(tables(folder, chosen.rounds, chosen.seconds))


if __name__ == "__main__":
    main()
