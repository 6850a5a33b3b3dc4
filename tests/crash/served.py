"""A place where services run, are killed and run again, and the laws that hold afterwards; Linux only."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.crash.service import ledger_in
from tests.ledgers import new_ledger
from tests.workflows.clips import REEL, fingerprints
from tests.workflows.processes import below

from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.database import open_engine
from clipmill.jobs.ledger.kinds import EventKind
from clipmill.jobs.ledger.record import JobRecord
from clipmill.jobs.ledger.states import State
from clipmill.jobs.ledger.submissions import Submission
from clipmill.storage.atomic import is_unfinished

ROOT = Path(__file__).resolve().parents[2]
TENANT = "team"
PATIENCE_S = 90.0
WEBHOOK = "https://receiver.example/hook"

EXTRACT = {"input_key": "source.mp4", "output_prefix": "cut", "clips": [{"start_time": 0.5, "end_time": 1.5}]}


def reel_request(name: str, clips: int = 3) -> dict[str, Any]:
    """A reel of half seconds, dissolved."""
    spans = [{"source_key": "source.mp4", "segments_data": {"trim_range": [n / 2, n / 2 + 0.5]}} for n in range(clips)]
    transition = {"type": "dissolve", "duration": 0.1}
    return {"clips": spans, "transition": transition, "output_key": f"out/{name}.mp4"} | REEL


def framing_request(name: str) -> dict[str, Any]:
    return {"input_key": "source.mp4", "output_key": f"out/{name}.mp4"} | REEL


class Served:
    """A folder with a store, a ledger, and any number of services on it; the jobs are sent by this process."""

    def __init__(self, source: Path, folder: Path, lease_s: float = 2.0) -> None:
        self.folder = folder
        self.lease_s = lease_s
        self.jobs: list[str] = []
        self._services: list[subprocess.Popen[str]] = []
        objects = folder / "store" / TENANT
        objects.mkdir(parents=True)
        shutil.copyfile(source, objects / "source.mp4")
        self.objects = objects
        new_ledger(folder / "ledger.db")
        self.ledger = ledger_in(folder, lease_s)

    def start(self) -> subprocess.Popen[str]:
        """One more service; it is ready for jobs when this returns."""
        command = [sys.executable, "-m", "tests.crash.service", str(self.folder), str(self.lease_s)]
        log = (self.folder / "log.txt").open("a")
        service = subprocess.Popen(command, cwd=ROOT, stdin=-1, stdout=-1, stderr=log, text=True)
        log.close()
        assert service.stdout is not None
        assert service.stdout.readline() == "up\n", (self.folder / "log.txt").read_text()
        self._services.append(service)
        return service

    def submit(self, function: str, request: Mapping[str, Any], **more: Any) -> str:
        job = self.ledger.submit(Submission(function, request, TENANT, webhook=WEBHOOK, **more))
        self.jobs.append(job.id)
        return job.id

    def get(self, job_id: str) -> JobRecord:
        return self.ledger.get(TENANT, job_id)

    def ended(self) -> bool:
        return all(self.get(job).state.terminal for job in self.jobs)

    def wait(self, condition: Callable[[], object]) -> None:
        until = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < until, f"waited in vain: {[self.get(job) for job in self.jobs]}"
            time.sleep(0.05)

    def kill_someone(self, service: subprocess.Popen[str], chance: random.Random) -> subprocess.Popen[str]:
        """Kill the service or a process below it, and return the service that runs afterwards."""
        victims = [service.pid, *below(service.pid)]
        # Half of the time the service itself, else whichever of its processes it is.
        victim = service.pid if chance.random() < 0.5 else chance.choice(victims)
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            return service
        if victim != service.pid:
            return service
        service.communicate()
        return self.start()

    def pause(self, service: subprocess.Popen[str]) -> None:
        """Stop a service where it stands, but not in the middle of a write: then nobody could write until it goes on."""
        service.send_signal(signal.SIGSTOP)
        os.waitpid(service.pid, os.WUNTRACED)
        while not self._takes_writes():
            service.send_signal(signal.SIGCONT)
            time.sleep(0.01)
            service.send_signal(signal.SIGSTOP)
            os.waitpid(service.pid, os.WUNTRACED)

    def _takes_writes(self) -> bool:
        with closing(sqlite3.connect(self.folder / "ledger.db", timeout=0.2, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            return True

    def stop(self) -> None:
        """End every service in good order."""
        for service in self._services:
            if service.poll() is None:
                service.communicate(timeout=30)

    def kill(self) -> None:
        """End what a failed test left."""
        for service in self._services:
            if service.poll() is None:
                service.kill()
                service.communicate()
        self.ledger.close()

    def read(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / "ledger.db")) as connection:
            return list(connection.execute(query))

    def litter(self) -> list[Path]:
        """Scratch, and objects that are half written or temporary."""
        objects = [path for path in (self.folder / "store").rglob("*") if path.is_file()]
        left = [path for path in objects if is_unfinished(path.name) or "temp" in path.relative_to(self.objects).parts]
        return [*(self.folder / "scratch").glob("*"), *left]

    def pictures(self, job_id: str) -> list[list[str]]:
        """Digests of all decoded frames of all outputs."""
        result = self.get(job_id).result or {}
        keys = [part["output_key"] for part in (result, *result.get("clips", ())) if part.get("output_key")]
        return [fingerprints(self.objects / key) for key in keys]


def holds(place: Served, truth: Mapping[str, list[list[str]]], excused: Collection[str] = ()) -> bool:
    """Whether every job ended once and as it should, and nothing is left behind; services must be stopped.

    ``truth`` has the frames of the functions that must succeed, unless their error is one of the ``excused``.
    """
    _deliver_the_rest(place)
    for job in map(place.get, place.jobs):
        assert _told_once(place, job)
        expected = truth.get(job.function)
        if job.state is State.SUCCEEDED:
            assert expected is None or place.pictures(job.id) == expected, job
        else:
            assert expected is None or (job.failure or {}).get("code") in excused, job
    assert place.litter() == []
    charged = dict(place.read("SELECT job_id, count(*) FROM usage GROUP BY job_id"))
    assert charged.keys() <= set(place.jobs)
    assert all(times <= place.get(job).attempt for job, times in charged.items())
    # What failed or was stopped is charged if it had been at work.
    assert charged.keys() >= {job.id for job in map(place.get, place.jobs) if job.state is State.SUCCEEDED}
    return True


def truth_of(place: Served) -> dict[str, list[list[str]]]:
    """What the outputs of each kind of job look like."""
    return {job.function: place.pictures(job.id) for job in map(place.get, place.jobs)}


def _told_once(place: Served, job: JobRecord) -> bool:
    events = place.ledger.events(TENANT, job.id)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event.kind for event in events].count(EventKind.DONE) == 1
    assert events[-1].kind is EventKind.DONE
    percents = [event.data["progress"] for event in events if "progress" in event.data]
    assert all(before <= after for before, after in pairwise(percents)), percents
    assert job.state.terminal
    assert 0 <= job.attempt <= job.max_attempts
    return True


def _deliver_the_rest(place: Served) -> None:
    """Send what a killed sender had claimed, and see that each job was told of under one id."""
    later = Ledger(open_engine(f"sqlite:///{place.folder}/ledger.db"), lambda: datetime.now(UTC) + timedelta(hours=1))
    sent = (place.folder / "sent.txt").read_text().splitlines() if (place.folder / "sent.txt").exists() else []
    while deliveries := later.outbox.claim():
        for delivery in deliveries:
            sent.append(f"{delivery.message_id} {delivery.payload['data']['id']}")
            later.outbox.ack(delivery, 200)
    later.close()
    messages = {tuple(line.split()) for line in sent}
    assert sorted(job for _, job in messages) == sorted(place.jobs)
