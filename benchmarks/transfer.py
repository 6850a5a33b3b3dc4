"""What moving a large file through the service costs: ``python -m benchmarks.transfer [--gib N] [--rounds N] [--folder PATH]``.

The service runs on loopback with a folder as its store, curl is the caller. Beside it: plain ``cp``, and nginx serving
and taking the same file where it is installed. The best of some rounds counts. Memory is the highest the service had.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

MIB = 1024 * 1024
_NGINX_PORT = 18099
_NGINX = """
worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log; daemon off;
events {{}}
http {{
  access_log off; sendfile on; client_max_body_size 0; client_body_temp_path {folder}/body;
  server {{ listen 127.0.0.1:{port}; root {folder}/nginx; location / {{ dav_methods PUT; }} }}
}}
"""


def table(folder: Path, gib: float, rounds: int) -> str:
    """A Markdown table of rates in MiB/s."""
    source = made(folder / "source.bin", int(gib * 1024))
    rows = [("cp", *rate(source, rounds, lambda: shutil.copyfile(source, folder / "copy.bin")), "", "")]
    (folder / "copy.bin").unlink()
    with service(folder) as (url, process):
        rows.append(("service", "", *over_http(f"{url}/v1/objects/bench.bin", source, rounds), peak(process)))
    if shutil.which("nginx"):
        with nginx(folder) as url:
            rows.append(("nginx", "", *over_http(f"{url}/bench.bin", source, rounds), ""))
    lines = [f"| {gib:g} GiB | copy, MiB/s | up, MiB/s | down, MiB/s | memory at most, MiB |", "|---|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)])


def made(path: Path, blocks: int) -> Path:
    """A file of so many MiB that does not compress."""
    if not path.exists() or path.stat().st_size != blocks * MIB:
        with path.open("wb") as file:
            for _ in range(blocks):
                file.write(os.urandom(MIB))
    return path


def rate(source: Path, rounds: int, move: Callable[[], object]) -> tuple[int]:
    """The best rate in MiB/s."""
    best = min(_timed(move) for _ in range(rounds))
    return (round(source.stat().st_size / MIB / best),)


def over_http(url: str, source: Path, rounds: int) -> tuple[int, int]:
    """Rates up and down with curl."""
    quiet = ["curl", "-sSf", "-o", os.devnull]
    up = rate(source, rounds, lambda: subprocess.run([*quiet, "-H", "Expect:", "-T", source, url], check=True))
    down = rate(source, rounds, lambda: subprocess.run([*quiet, url], check=True))
    return up[0], down[0]


def peak(process: "subprocess.Popen[str]") -> int:
    status = Path(f"/proc/{process.pid}/status").read_text()
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    assert found is not None
    return round(int(found[1]) / 1024)


@contextmanager
def service(folder: Path) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The service without any key, so that whoever sits here may call it."""
    place = folder / "service"
    place.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "tests.api.serving", str(place)]
    with (place / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
        shutil.rmtree(place)


@contextmanager
def nginx(folder: Path) -> Iterator[str]:
    for name in ("nginx", "body"):
        (folder / name).mkdir(exist_ok=True)
        (folder / name).chmod(0o777)
    settings = folder / "nginx.conf"
    settings.write_text(("user root;\n" if os.geteuid() == 0 else "") + _NGINX.format(folder=folder, port=_NGINX_PORT))
    process = subprocess.Popen(["nginx", "-c", str(settings)], stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        yield f"http://127.0.0.1:{_NGINX_PORT}"
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder / "nginx")


def _timed(move: Callable[[], object]) -> float:
    began = time.monotonic()
    move()
    return time.monotonic() - began


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("bench-output"))
    chosen = parser.parse_args()
    folder = chosen.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    print(table(folder, chosen.gib, chosen.rounds))


if __name__ == "__main__":
    main()
