"""A service over HTTP, each call waited for."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from clipmill.client import downloads, jobs, media, reports, uploads
from clipmill.client.hands import Hands
from clipmill.client.jobs import JobOptions
from clipmill.client.patience import Patience
from clipmill.client.steps import Course, Give, Steps
from clipmill.client.views import RemoteEvent, RemoteJob, RemoteObject, RemoteOutput, RemoteResult
from clipmill.client.ways import Wanted, way
from clipmill.errors import ClipmillError
from clipmill.storage.store import OnBytes

T = TypeVar("T")


def nobody(_done: int, _total: int) -> None:
    """Hears of no bytes."""


class Client:
    """Use it as a context manager, or `close` it; threads may share it.

    Address and key are those of CLIPMILL_URL and CLIPMILL_API_KEY unless given. A call that failed in a way that may pass
    is made again; what is raised is always a `ClipmillError`. With a ``runner`` (``modal``, ``runpod``, ``prefect``,
    ``local`` or ``auto``) jobs need no service: they are sent there, watched, waited for and cancelled from here; their
    keys lie in ``store``, a folder or the address of a bucket, else in that of CLIPMILL_STORE.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        runner: str | None = None,
        store: str | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._patience = patience or Patience()
        self._way = way(Wanted(url, api_key, runner, store), self._patience)
        self._http = httpx.Client()

    def submit(
        self, function: str, request: Mapping[str, Any], options: JobOptions | None = None, /, **said: Any
    ) -> RemoteJob:
        """Send a job. What else may be said of it are the fields of `JobOptions`, as such or by name."""
        return self._run(self._way.submit(function, request, options or JobOptions(**said)))

    def plan(self, function: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """What a job would do; none is made."""
        return self._run(jobs.plan(self._patience, function, request))

    def job(self, job_id: str) -> RemoteJob:
        """A job as it stands."""
        return self._run(self._way.job(job_id))

    def jobs(self, *, state: str | None = None, function: str | None = None) -> Iterator[RemoteJob]:
        """Jobs, newest first, fetched a page at a time."""
        return self._walk(jobs.jobs(self._patience, {"state": state, "function": function}))

    def watch(self, job_id: str, after: int = 0) -> Iterator[RemoteEvent]:
        """What happens to a job behind event ``after``, as it happens, ``done`` as the last; lost connections are mended."""
        return self._walk(self._way.watch(job_id, after))

    def wait(self, job_id: str, timeout_s: float | None = None) -> RemoteJob:
        """The job once it has ended, however; clipmill's `TimeoutError` if that takes longer."""
        return self._run(self._way.wait(job_id, timeout_s))

    def result(self, job_id: str, timeout_s: float | None = None) -> RemoteResult:
        """What a job returned, once it has ended; its error is raised if it failed."""
        return self._run(self._way.result(job_id, timeout_s))

    def cancel(self, job_id: str) -> RemoteJob:
        """Stop a job; asked again, nothing changes."""
        return self._run(self._way.cancel(job_id))

    def retry(self, job_id: str) -> RemoteJob:
        """A new job that does what a stopped one was asked for."""
        return self._run(jobs.retry(self._patience, job_id))

    def upload(
        self,
        path: Path | str,
        key: str,
        *,
        content_type: str | None = None,
        resume: str | None = None,
        on_bytes: OnBytes = nobody,
    ) -> RemoteObject:
        """Make a file the object under ``key``.

        If it fails, ``details["upload_id"]`` of the error is what ``resume`` takes: parts that arrived are not sent again.
        """
        plan = uploads.Plan(Path(path), key, content_type, resume, on_bytes)
        return self._run(uploads.upload(self._patience, plan))

    def download(self, source: str | RemoteOutput, path: Path | str, *, on_bytes: OnBytes = nobody) -> Path:
        """Write an object, by its key or as a job's output, to a file that appears complete or not at all."""
        return self._run(downloads.download(self._patience, source, Path(path), on_bytes))

    def probe(self, key: str) -> dict[str, Any]:
        """What a media file of the service is."""
        return self._run(media.probe(self._patience, key))

    def frame(self, key: str, time_s: float = 0.0, crop: Sequence[float] | None = None) -> bytes:
        """One frame as a picture; ``crop`` is x, y, width, height in pixels."""
        return self._run(media.frame(self._patience, key, time_s, crop))

    def functions(self) -> list[dict[str, Any]]:
        """The functions and workflows on offer, with the JSON schemas of what they take and return."""
        return self._run(reports.functions(self._patience))

    def usage(self, since: datetime | None = None, until: datetime | None = None) -> dict[str, Any]:
        """What was used in a span of time, this month unless said otherwise."""
        return self._run(reports.usage(self._patience, since, until))

    def close(self) -> None:
        """Give up the connections; with a runner, stop what runs in this process."""
        self._way.close()
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, steps: Steps[T]) -> T:
        course = Course(steps)
        for _ in self._carried(course):
            pass
        return course.value

    def _walk(self, steps: Steps[None]) -> Iterator[Any]:
        return self._carried(Course(steps))

    def _carried(self, course: Course[Any]) -> Generator[Any]:
        hands = Hands(self._way.address, self._http)
        try:
            while course.step is not None:
                if isinstance(course.step, Give):
                    yield course.step.value
                    course.go_on(None)
                    continue
                try:
                    came = hands.do(course.step)
                except ClipmillError as fault:
                    course.fail(fault)
                else:
                    course.go_on(came)
        finally:
            course.close()
            hands.close()
