"""What happens to a job, told as it happens, over connections that may break.

A connection that is lost is made again, and goes on behind the last event that came. Where no stream of events comes
through, the job is asked for now and then.
"""

import json
from dataclasses import dataclass

from clipmill.client.calls import Call, Reply
from clipmill.client.jobs import job, path_of
from clipmill.client.patience import Patience
from clipmill.client.problems import error_of, is_ours
from clipmill.client.server_sent import Message, MessageReader
from clipmill.client.steps import Give, Pause, Steps, opened, piece
from clipmill.client.views import EventKind, RemoteEvent, RemoteJob
from clipmill.errors import ClipmillError, StorageTimeoutError, StorageUnavailableError, TooManyWatchersError

SILENCE_S = 45.0
"""A service says every 15 s that it is still there."""
_MOST_SILENCES = 2
_LOOK_EVERY_S = 2.0
_NO_STREAM = frozenset({404, 405, 406, 501})
_STREAM = "text/event-stream"


class _NoStreamError(Exception):
    """Events can't be had as a stream here."""


def watch(patience: Patience, job_id: str, after: int) -> Steps[None]:
    """Give the events of a job behind event ``after``, the last of them ``done``."""
    place, failures, silences = _Place(job_id, after), 0, 0
    while True:
        before = place.seen
        try:
            if (yield from _connection(place)):
                return
            fault: ClipmillError = StorageUnavailableError(f"the events of job {job_id} broke off. Watch it again.")
        except _NoStreamError:
            return (yield from _polled(patience, job_id))
        except ClipmillError as lost:
            fault = lost
        came = place.seen > before
        failures = 1 if came else failures + 1
        silences = silences + 1 if isinstance(fault, StorageTimeoutError) and not came else 0
        if silences >= _MOST_SILENCES:
            return (yield from _polled(patience, job_id))
        wait_s = patience.pause(patience.watch_pauses_s, failures, fault)
        if wait_s is None:
            raise fault
        yield Pause(wait_s)


@dataclass
class _Place:
    """How far the events of a job were given: ``seen`` is the number of the last one."""

    job_id: str
    seen: int


def _connection(place: _Place) -> Steps[bool]:
    """Give what comes over one connection; whether nothing will follow."""
    reader = MessageReader()
    reply = yield from opened(_call(place.job_id, place.seen))
    if _is_over(reply):
        return True
    while (data := (yield from piece())) is not None:
        for message in reader.feed(data):
            event = _event(place.job_id, message)
            if event is not None and event.seq > place.seen:
                place.seen = event.seq
                yield Give(event)
                if event.last:
                    return True
    return False


def _call(job_id: str, seen: int) -> Call:
    headers = {"Accept": _STREAM} | ({"Last-Event-ID": str(seen)} if seen else {})
    return Call("GET", path_of(job_id, "/events"), headers=headers, within_s=SILENCE_S)


def _is_over(reply: Reply) -> bool:
    """Whether there is nothing to be told any more; a stream otherwise, or an error."""
    if reply.status == 204:
        return True
    if not reply.ok:
        fault = error_of(reply)
        if isinstance(fault, TooManyWatchersError) or (reply.status in _NO_STREAM and not is_ours(reply)):
            raise _NoStreamError
        raise fault
    if not reply.headers.get("content-type", "").startswith(_STREAM):
        raise _NoStreamError
    return False


def _event(job_id: str, message: Message) -> RemoteEvent | None:
    try:
        return RemoteEvent(job_id, int(message.id), EventKind(message.kind), json.loads(message.data))
    except ValueError:
        # Something that a newer service tells.
        return None


def _polled(patience: Patience, job_id: str) -> Steps[None]:
    """Give what can be seen of a job by asking for it."""
    before: RemoteJob | None = None
    while True:
        found = yield from job(patience, job_id)
        if before is None or found.state != before.state:
            yield Give(_seen(found, EventKind.DONE if found.ended else EventKind.STATE))
        elif (found.percent, found.stage) != (before.percent, before.stage):
            yield Give(_seen(found, EventKind.PROGRESS))
        if found.ended:
            return
        before = found
        yield Pause(_LOOK_EVERY_S)


def _seen(found: RemoteJob, kind: EventKind) -> RemoteEvent:
    """A job as the event that would have told the same."""
    told = {"job_id": found.id, "seq": 0, "state": found.state, "attempt": found.attempt, "progress": found.percent}
    for name in ("stage", "frames_done", "frames_total", "eta_s", "result", "failure"):
        if found.data.get(name) is not None:
            told[name] = found.data[name]
    return RemoteEvent(found.id, 0, kind, told)
