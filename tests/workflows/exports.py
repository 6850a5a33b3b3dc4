"""Multi-clip exports in a small real world: a folder as store, children that render, and everything that can be seen of it."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.workflows.clips import REEL

from clipmill.functions.catalog import CATALOG
from clipmill.jobs.events import Event, OnEvent, nobody
from clipmill.jobs.job import Job, new_job_id
from clipmill.jobs.machine import Machine
from clipmill.jobs.outcome import Outcome
from clipmill.runners.local import LocalRunner
from clipmill.storage.folder import FolderStore
from clipmill.storage.retry import RetryPolicy
from clipmill.storage.store import Store
from clipmill.workflows.export_multi_clip import export_multi_clip

TENANT = "team"
OUTPUT = "out/reel.mp4"


def machine_in(folder: Path, store: Store | None = None, **changes: Any) -> Machine:
    """What exports find below a folder: ``store``, ``scratch``, no waiting between attempts."""
    values: dict[str, Any] = {
        "store": store or FolderStore(folder / "store"),
        "catalogue": CATALOG,
        "scratch_root": folder / "scratch",
        "retry": RetryPolicy(pauses_s=(0.0, 0.0)),
        "environment": os.environ,
    }
    return Machine(**(values | changes))


def request_for(*clips: Mapping[str, Any], **request: Any) -> dict[str, Any]:
    """Clips to be dissolved into ``OUTPUT``, small and quick."""
    transition = {"type": "dissolve", "duration": 0.2}
    return {"clips": list(clips), "transition": transition, "output_key": OUTPUT} | REEL | request


@dataclass
class Watched:
    """A runner that remembers what it was given, and what it told."""

    runner: LocalRunner
    jobs: list[Job] = field(default_factory=list)

    def submit(self, job: Job) -> str:
        self.jobs.append(job)
        return self.runner.submit(job)

    def events(self, handle: str, after: int = 0) -> Iterator[Event | Outcome]:
        return self.runner.events(handle, after)

    def cancel(self, handle: str) -> None:
        self.runner.cancel(handle)

    @property
    def rendered(self) -> list[int]:
        """The clips that were handed over to be rendered, by index, in order."""
        items = [job.request for job in self.jobs if job.function == "process_multi_clip_item"]
        return [request["clip_index"] for request in items]


@dataclass
class Export:
    """An export that came to its end."""

    outcome: Outcome
    events: list[Event]
    rendered: list[int]

    @property
    def result(self) -> dict[str, Any]:
        return self.outcome.value()

    @property
    def code(self) -> str:
        assert self.outcome.error is not None
        return self.outcome.error.code


class Shop:
    """One machine with its runner, and the objects of one tenant in its folder."""

    def __init__(self, folder: Path, machine: Machine, runner: LocalRunner, tenant: str = TENANT) -> None:
        self.folder = folder
        self.machine = machine
        self.runner = runner
        self.tenant = tenant

    def path(self, key: str) -> Path:
        """The file of an object; its folder is made."""
        path = self._objects / key
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    @property
    def _objects(self) -> Path:
        return self.folder / "store" / self.tenant

    @property
    def reel(self) -> Path:
        return self.path(OUTPUT)

    def export(
        self,
        request: Mapping[str, Any],
        job_id: str | None = None,
        *,
        on_event: OnEvent = nobody,
        cancel: threading.Event | None = None,
        **options: Any,
    ) -> Export:
        """Carry out an export here, in a thread of nobody else."""
        watched, events = Watched(self.runner), list[Event]()

        def hear(event: Event) -> None:
            events.append(event)
            on_event(event)

        job = Job(job_id or new_job_id(), "export_multi_clip", request, self.tenant)
        outcome = export_multi_clip(job, self.machine, watched, on_event=hear, cancel=cancel, **options)
        return Export(outcome, events, watched.rendered)

    def steps(self) -> dict[str, int]:
        """The finished steps of the cache, and when each was written."""
        marks = self._objects.rglob("cache/*/*/result.json")
        return {mark.parent.name: mark.stat().st_mtime_ns for mark in marks}

    def litter(self) -> list[Path]:
        """Files that no finished export leaves: scratch, temporary or half written objects, steps without a result."""
        scratch = list((self.folder / "scratch").rglob("*"))
        objects = [path for path in self._objects.rglob("*") if path.is_file()]
        unfinished = [path for path in objects if path.name.startswith(".")]
        temporary = [path for path in objects if path.relative_to(self._objects).parts[0] == "temp"]
        steps = [path for path in objects if path.name == "output.mp4" and not path.with_name("result.json").exists()]
        return scratch + unfinished + temporary + steps


MakeShop = Callable[..., Shop]
