"""A service over HTTP, each call awaited."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import anyio.to_thread
import httpx

from clipmill.client import downloads, jobs, media, reports, uploads
from clipmill.client.client import nobody
from clipmill.client.hands import AsyncHands
from clipmill.client.jobs import JobOptions
from clipmill.client.patience import Patience
from clipmill.client.steps import Course, Give, Steps
from clipmill.client.views import RemoteEvent, RemoteJob, RemoteObject, RemoteOutput, RemoteResult
from clipmill.client.ways import Wanted, way
from clipmill.errors import ClipmillError
from clipmill.storage.store import OnBytes

T = TypeVar("T")


class AsyncClient:
    """`Client` for programs with an event loop. Use it as an asynchronous context manager, or `close` it; tasks of one event loop may share it.

    Its calls are those of `Client`, awaited.
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
        self._http = httpx.AsyncClient()

    async def submit(
        self, function: str, request: Mapping[str, Any], options: JobOptions | None = None, /, **said: Any
    ) -> RemoteJob:
        """Send a job. What else may be said of it are the fields of `JobOptions`, as such or by name."""
        return await self._run(self._way.submit(function, request, options or JobOptions(**said)))

    async def plan(self, function: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """What a job would do; none is made."""
        return await self._run(jobs.plan(self._patience, function, request))

    async def job(self, job_id: str) -> RemoteJob:
        """A job as it stands."""
        return await self._run(self._way.job(job_id))

    def jobs(self, *, state: str | None = None, function: str | None = None) -> AsyncIterator[RemoteJob]:
        """Jobs, newest first, fetched a page at a time."""
        return self._walk(jobs.jobs(self._patience, {"state": state, "function": function}))

    def watch(self, job_id: str, after: int = 0) -> AsyncIterator[RemoteEvent]:
        """What happens to a job behind event ``after``, as it happens, ``done`` as the last; lost connections are mended."""
        return self._walk(self._way.watch(job_id, after))

    async def wait(self, job_id: str, timeout_s: float | None = None) -> RemoteJob:
        """The job once it has ended, however; clipmill's `TimeoutError` if that takes longer."""
        return await self._run(self._way.wait(job_id, timeout_s))

    async def result(self, job_id: str, timeout_s: float | None = None) -> RemoteResult:
        """What a job returned, once it has ended; its error is raised if it failed."""
        return await self._run(self._way.result(job_id, timeout_s))

    async def cancel(self, job_id: str) -> RemoteJob:
        """Stop a job; asked again, nothing changes."""
        return await self._run(self._way.cancel(job_id))

    async def retry(self, job_id: str) -> RemoteJob:
        """A new job that does what a stopped one was asked for."""
        return await self._run(jobs.retry(self._patience, job_id))

    async def upload(
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
        return await self._run(uploads.upload(self._patience, plan))

    async def download(self, source: str | RemoteOutput, path: Path | str, *, on_bytes: OnBytes = nobody) -> Path:
        """Write an object, by its key or as a job's output, to a file that appears complete or not at all."""
        return await self._run(downloads.download(self._patience, source, Path(path), on_bytes))

    async def probe(self, key: str) -> dict[str, Any]:
        """What a media file of the service is."""
        return await self._run(media.probe(self._patience, key))

    async def frame(self, key: str, time_s: float = 0.0, crop: Sequence[float] | None = None) -> bytes:
        """One frame as a picture; ``crop`` is x, y, width, height in pixels."""
        return await self._run(media.frame(self._patience, key, time_s, crop))

    async def functions(self) -> list[dict[str, Any]]:
        """The functions and workflows on offer, with the JSON schemas of what they take and return."""
        return await self._run(reports.functions(self._patience))

    async def usage(self, since: datetime | None = None, until: datetime | None = None) -> dict[str, Any]:
        """What was used in a span of time, this month unless said otherwise."""
        return await self._run(reports.usage(self._patience, since, until))

    async def close(self) -> None:
        """Give up the connections; with a runner, stop what runs in this process."""
        await anyio.to_thread.run_sync(self._way.close)
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _run(self, steps: Steps[T]) -> T:
        course = Course(steps)
        async for _ in self._carried(course):
            pass
        return course.value

    def _walk(self, steps: Steps[None]) -> AsyncIterator[Any]:
        return self._carried(Course(steps))

    async def _carried(self, course: Course[Any]) -> AsyncGenerator[Any]:
        hands = AsyncHands(self._way.address, self._http)
        try:
            while course.step is not None:
                if isinstance(course.step, Give):
                    yield course.step.value
                    course.go_on(None)
                    continue
                try:
                    came = await hands.do(course.step)
                except ClipmillError as fault:
                    course.fail(fault)
                else:
                    course.go_on(came)
        finally:
            course.close()
            await hands.close()
