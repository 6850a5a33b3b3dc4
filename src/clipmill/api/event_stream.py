"""Server-Sent Events: an answer that goes on until its jobs have ended or the caller has gone.

Convention: the id of an event is the number of the last event told of each job of the connection, in the order in which
the caller named the jobs, joined by dots. Sent back as ``Last-Event-ID`` it says where to go on.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from clipmill.api.desk import Desk
from clipmill.api.leaving import while_there
from clipmill.api.told import Told
from clipmill.api.watch import Watch
from clipmill.errors import InvalidRequestError
from clipmill.jobs.ledger.record import JobRecord

MEDIA_TYPE = "text/event-stream"
_AGAIN_AFTER_MS = 1000
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


def places(last_id: str | None, jobs: Sequence[JobRecord]) -> dict[str, int]:
    """The last event that a caller has of each job, as its ``Last-Event-ID`` says; none without one."""
    if not last_id:
        return {job.id: 0 for job in jobs}
    numbers = last_id.split(".")
    if len(numbers) != len(jobs) or not all(_is_number(number) for number in numbers):
        raise InvalidRequestError(
            f"Last-Event-ID {last_id!r:.100} is none of ours for {len(jobs)} jobs. Send the id of the last event, or none.",
            details={"errors": [{"parameter": "Last-Event-ID", "detail": "not the id of an event"}]},
        )
    return {job.id: min(int(number), job.last_seq) for number, job in zip(numbers, jobs, strict=True)}


def all_told(jobs: Sequence[JobRecord], seen: Mapping[str, int]) -> bool:
    """Whether every job has ended and its last event was told: nothing will follow."""
    return all(job.state.terminal and seen[job.id] >= job.last_seq for job in jobs)


class EventStream(Response):
    """Begins with what the caller lacks, goes on with what happens."""

    media_type = MEDIA_TYPE

    def __init__(self, desk: Desk, tenant: str, jobs: Sequence[JobRecord], seen: Mapping[str, int]) -> None:
        super().__init__()
        self._desk = desk
        self._tenant = tenant
        self._jobs = jobs
        self._seen = seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        with self._desk.hub.watching(self._tenant, self._jobs, self._seen) as watch:
            await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})

            async def tell() -> None:
                async for text in self._texts(watch):
                    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})

            await while_there(receive, tell)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _texts(self, watch: Watch) -> AsyncGenerator[str]:
        yield f"retry: {_AGAIN_AFTER_MS}\n\n"
        seen = dict(self._seen)
        async for page in watch.told(self._desk.options.heartbeat_s):
            self._desk.meters.events.inc(len(page))
            yield "".join(_text(told, seen) for told in page) or ": still here\n\n"


def _text(told: Told, seen: dict[str, int]) -> str:
    seen[told.job_id] = told.seq
    return f"id: {'.'.join(map(str, seen.values()))}\nevent: {told.kind.value}\ndata: {told.text}\n\n"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18
