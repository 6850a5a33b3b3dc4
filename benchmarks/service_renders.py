"""The job service with real renders: ``python -m benchmarks.service_renders [--folder PATH]``, rows for docs/numbers.md.

`clipmill serve` runs as a process of its own in an empty folder, the caller is `clipmill.Client` over loopback. A first
job warms the service up.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.footage import drawn_minute, real_minute
from benchmarks.service import spread
from clipmill import Client

JOBS = 12
WATCHED_S = 20
PAUSE_S = 0.05
FUNCTION = "process_framing"
_AT_WORK = ("preparing", "downloading", "processing")


def rows(url: str, source: Path) -> Iterator[str]:
    """Every measurement, as the rows of a table."""
    client = Client(url)
    client.upload(source, "raw/minute.mp4")
    client.wait(client.submit(FUNCTION, clip("warm", 0, 1)).id)
    heard = [first_words(client, number) for number in range(JOBS)]
    yield f"| submit to the first event from the worker, warm | {spread([at_work for at_work, _ in heard])} |"
    yield f"| submit to the first event that counts frames | {spread([frames for _, frames in heard])} |"
    jobs = [client.submit(FUNCTION, clip(f"long{number}", 10 * number, 40)).id for number in range(2)]
    time.sleep(3)
    calls = spread(asked(f"{url}/v1/jobs/{jobs[0]}"))
    assert all(client.job(job).state == "running" for job in jobs), "a render ended before the calls did"
    yield f"| GET /v1/jobs/{{id}} beside two 1080x1920 renders | {calls} |"
    began = time.perf_counter()
    client.cancel(jobs[0])
    client.wait(jobs[0])
    yield f"| cancel of one of them, until it ended | {time.perf_counter() - began:.2f} s |"


def clip(name: str, start: int, seconds: int) -> dict[str, Any]:
    """A vertical clip of the source."""
    shape = {"output_width": 1080, "output_height": 1920}
    window = {"source_start_time": start, "source_end_time": start + seconds}
    return {"input_key": "raw/minute.mp4", "output_key": f"out/{name}.mp4"} | shape | window


def first_words(client: Client, number: int) -> tuple[float, float]:
    """Seconds from before the submit until the worker was heard, and until frames were."""
    began = time.perf_counter()
    job = client.submit(FUNCTION, clip(str(number), 0, 1))
    at_work: float | None = None
    for event in client.watch(job.id):
        if at_work is None and event.data.get("stage") in _AT_WORK:
            at_work = time.perf_counter() - began
        if at_work is not None and event.data.get("frames_done"):
            frames = time.perf_counter() - began
            client.wait(job.id)
            return at_work, frames
    raise AssertionError(f"job {job.id} told of no frame")


def asked(url: str) -> list[float]:
    """How long each call took, in seconds."""
    took, end = list[float](), time.monotonic() + WATCHED_S
    with httpx.Client(timeout=60) as client:
        while time.monotonic() < end:
            answer = client.get(url).raise_for_status()
            took.append(answer.elapsed.total_seconds())
            time.sleep(PAUSE_S)
    return took


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of `clipmill serve`."""
    program = [sys.executable, "-c", "from clipmill.cli.main import main; main()"]
    command = [*program, "serve", "--port", "0", "--data", str(folder), "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            found = re.search(r"http://[\w.:\[\]]+\d", process.stdout.readline())
            assert found is not None
            yield found[0]
        finally:
            process.terminate()


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("bench-output"))
    folder = parser.parse_args().folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    source = real_minute(folder) or drawn_minute(folder)
    with tempfile.TemporaryDirectory() as data, served(Path(data)) as url:
        print(f"| What (load {os.getloadavg()[0]:.1f}) | Measured |\n|---|---|")
        for row in rows(url, source):
            print(row, flush=True)


if __name__ == "__main__":
    main()
