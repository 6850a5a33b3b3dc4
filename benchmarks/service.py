"""The job service over a socket: ``python -m benchmarks.service`` prints a Markdown table for docs/numbers.md.

The service stands in a process of its own on a ledger in a file; the loads stand in others. The worker of the jobs is
this process, which tells progress as fast as the ledger takes it.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from clipmill.api.app import create_app
from clipmill.api.listening import Listening
from clipmill.api.options import ApiOptions
from clipmill.api.server import serve
from clipmill.function.needs import Gpu
from clipmill.function.stages import Stage
from clipmill.functions.catalog import CATALOG
from clipmill.jobs.dispatch import Service, ServiceLimits
from clipmill.jobs.events import Event
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.leases import Capacity
from clipmill.jobs.ledger.record import Lease
from clipmill.jobs.ledger.submissions import Submission
from clipmill.jobs.outcome import Outcome
from clipmill.runners.local import LocalRunner
from clipmill.settings import Settings
from clipmill.storage.open import open_store

CALLS = 500
WATCHERS = 100
EVENTS = 200
BURNERS = 2
TENANT = "local"
_BURN = "while True: sum(range(100000))"


def rows(folder: Path) -> Iterator[str]:
    """Every measurement, as the rows of a table."""
    ledger = Ledger.open(f"sqlite:///{folder / 'ledger.db'}")
    lease = begun(ledger)
    yield "| What | Measured |"
    yield "|---|---|"
    with served(folder) as (url, pid):
        path = f"{url}/v1/jobs/{lease.job.id}"
        before_s = cpu_s(pid)
        yield f"| GET /v1/jobs/{{id}}, idle | {spread(calls(path))} |"
        yield f"| time of a core for one of them | {(cpu_s(pid) - before_s) / CALLS * 1000:.1f} ms |"
        for niceness, how in ((0, "as important as the service"), (10, "at niceness 10")):
            with ExitStack() as load:
                for _ in range(BURNERS):
                    load.enter_context(burning(niceness))
                yield f"| the same beside {BURNERS} busy processes, {how} | {spread(calls(path))} |"
        before_s = cpu_s(pid)
        seconds, last = asyncio.run(watched(ledger, lease, f"{path}/events"))
        told, spent_s = last * WATCHERS, cpu_s(pid) - before_s
        yield f"| {told} events to {WATCHERS} watchers by SSE | {told / seconds:.0f} events a second |"
        yield f"| time of a core for one of them | {spent_s / told * 1e6:.0f} µs |"
    ledger.close()
    yield f"| import of the API | {imported_s():.2f} s |"


def begun(ledger: Ledger) -> Lease:
    """A job that somebody works on."""
    ledger.submit(Submission("process_framing", {"input_key": "a.mp4", "output_key": "b.mp4"}, TENANT))
    lease = ledger.lease("bench", Capacity("local", {Gpu.NONE: 1}))
    assert lease is not None
    return lease


def calls(path: str) -> list[float]:
    """How long each of many calls took, one after another on one connection, in seconds."""
    with httpx.Client(timeout=60) as client:
        for _ in range(20):
            client.get(path).raise_for_status()
        return [client.get(path).elapsed.total_seconds() for _ in range(CALLS)]


def spread(seconds: list[float]) -> str:
    """Median and 99th percentile."""
    ordered = sorted(seconds)
    return f"p50 {ordered[len(ordered) // 2] * 1000:.1f} ms, p99 {ordered[int(len(ordered) * 0.99)] * 1000:.1f} ms"


async def watched(ledger: Ledger, lease: Lease, path: str) -> tuple[float, int]:
    """Seconds until every watcher has heard the last event, and how many events each of them heard."""
    limits = httpx.Limits(max_connections=WATCHERS)
    async with httpx.AsyncClient(timeout=120, limits=limits) as client:
        waiting = asyncio.Semaphore(0)
        watchers = [asyncio.create_task(_heard(client, path, waiting)) for _ in range(WATCHERS)]
        for _ in watchers:
            await waiting.acquire()
        begun_at = time.perf_counter()
        await asyncio.to_thread(_work, ledger, lease)
        heard = await asyncio.gather(*watchers)
    last = ledger.get(TENANT, lease.job.id).last_seq
    assert set(heard) == {last}, "a watcher missed an event"
    return time.perf_counter() - begun_at, last


async def _heard(client: httpx.AsyncClient, path: str, waiting: asyncio.Semaphore) -> int:
    count = 0
    async with client.stream("GET", path) as answer:
        answer.raise_for_status()
        waiting.release()
        async for text in answer.aiter_text():
            count += text.count("\ndata: ")
    return count


def _work(ledger: Ledger, lease: Lease) -> None:
    for number in range(1, EVENTS + 1):
        event = Event(lease.job.id, number, "", Stage.PROCESSING, number / EVENTS * 99, "rendering", number, EVENTS)
        ledger.report(lease, event)
    ledger.begin_publishing(lease)
    ledger.commit(lease, Outcome(result={"status": "success"}))


@contextmanager
def served(folder: Path) -> Generator[tuple[str, int]]:
    """The address and the id of a service in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.service", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process.pid
        finally:
            process.terminate()


@contextmanager
def burning(niceness: int) -> Iterator[None]:
    """A process that does nothing but compute."""
    with subprocess.Popen(["nice", "-n", str(niceness), sys.executable, "-c", _BURN]) as process:
        try:
            yield
        finally:
            process.kill()


def cpu_s(pid: int) -> float:
    """How long a process has kept a core busy."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def imported_s() -> float:
    """Time of a core that a fresh interpreter takes to import the app; the best of three."""
    return min(_ran_s("import clipmill.api.app") for _ in range(3)) - min(_ran_s("pass") for _ in range(3))


def _ran_s(program: str) -> float:
    told = f"{program}; import time; print(time.process_time())"
    return float(subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True).stdout)


def main(folder: Path) -> None:
    """Serve until somebody ends it."""
    machine = Settings.from_environment({}).machine(open_store(str(folder / "store"), {}), CATALOG)
    limits = ServiceLimits(requests_per_minute=10_000_000)
    service = Service(Ledger.open(f"sqlite:///{folder / 'ledger.db'}"), machine, LocalRunner(machine), limits=limits)
    serve(
        create_app(service, ApiOptions(tenant=TENANT)),
        Listening.at("127.0.0.1", 0),
        lambda host, port: print(f"http://{host}:{port}", flush=True),
    )


if __name__ == "__main__":
    if sys.argv[1:]:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as fresh:
            for row in rows(Path(fresh)):
                print(row, flush=True)
