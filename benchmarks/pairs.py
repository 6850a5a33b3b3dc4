"""Run commands in turn, A B C A B C ..., and compare what the operating system says each has used."""

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """One finished run: CPU and wall seconds of the whole process tree, peak memory of its largest process in MB."""

    cpu_s: float
    wall_s: float
    peak_mb: float


def run(command: Sequence[str]) -> Usage:
    """Run a command in a process group of its own and account for it; a failure ends the benchmark."""
    reader, writer = os.pipe()
    watcher = os.fork()
    if watcher == 0:
        started = time.perf_counter()
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        wall = time.perf_counter() - started
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            sys.stderr.write(done.stderr.decode(errors="replace")[-2000:])
        os.write(writer, f"{used.ru_utime + used.ru_stime} {wall} {used.ru_maxrss / 1024} {done.returncode}".encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        cpu_s, wall_s, peak_mb, code = told.read().split()
    os.waitpid(watcher, 0)
    if int(code):
        raise SystemExit(f"failed with {code}: {' '.join(command)}")
    return Usage(float(cpu_s), float(wall_s), float(peak_mb))


def compare(title: str, commands: Mapping[str, Sequence[str]], rounds: int) -> str:
    """A Markdown table: medians of each command, and ratios of the first to each, pair by pair."""
    runs: dict[str, list[Usage]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            runs[name].append(run(command))
            print(f"{title}: {name}: {runs[name][-1]}", file=sys.stderr, flush=True)
    ours = next(iter(commands))
    lines = [
        f"### {title}",
        "",
        "| way | CPU s | wall s | peak MB | ours / this: CPU | wall | peak |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, usages in runs.items():
        values = [
            statistics.median(getattr(usage, field) for usage in usages) for field in ("cpu_s", "wall_s", "peak_mb")
        ]
        ratios = [
            statistics.median(
                getattr(own, field) / getattr(other, field) for own, other in zip(runs[ours], usages, strict=True)
            )
            for field in ("cpu_s", "wall_s", "peak_mb")
        ]
        cells = [
            name,
            f"{values[0]:.1f}",
            f"{values[1]:.1f}",
            f"{values[2]:.0f}",
            *(f"{ratio:.2f}" for ratio in ratios),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", f"Medians of {rounds} runs each, taken in turn.", ""])
