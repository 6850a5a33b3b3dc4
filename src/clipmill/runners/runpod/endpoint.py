"""A RunPod endpoint over plain HTTP: what is sent there, and what it says of its jobs.

Convention: times on the wire are whole milliseconds, here they are seconds; bodies are counted as they travel.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Self

import httpx

from clipmill.errors import (
    BodyTooLargeError,
    InvalidRequestError,
    RateLimitedError,
    StorageUnavailableError,
    UnauthorizedError,
)
from clipmill.storage.redact import redact

MOST_BYTES = 10_000_000
"""What an endpoint takes of a queued job. Keys travel, never the bytes of a video."""
WITHIN_S = 30.0
_SHORTEST_S, _LONGEST_S = 10.0, 7 * 24 * 3600.0


class PlatformState(StrEnum):
    """Where RunPod says that a job stands."""

    IN_QUEUE = "IN_QUEUE"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"

    @property
    def goes_on(self) -> bool:
        return self in {PlatformState.IN_QUEUE, PlatformState.IN_PROGRESS}


@dataclass(frozen=True)
class Told:
    """What RunPod says of a job: its state, None if we do not know the word; ``begun`` once a worker has had it."""

    state: PlatformState | None
    output: Any
    error: Any
    begun: bool

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        word = answer.get("status")
        state = PlatformState(word) if word in set(PlatformState) else None
        begun = "workerId" in answer or "delayTime" in answer
        return cls(state, answer.get("output"), answer.get("error"), begun)


@dataclass(frozen=True)
class Bounds:
    """How long a job may run once it was begun, and how long RunPod may have it in all."""

    run_s: float
    keep_s: float = 24 * 3600.0

    def to_json(self) -> dict[str, int]:
        kept = max(self.keep_s, self.run_s)
        return {"executionTimeout": _milliseconds(self.run_s), "ttl": _milliseconds(kept)}


@dataclass(frozen=True)
class Health:
    """How an endpoint stands; it starts workers when jobs wait, unless its owner or a week without jobs set them to 0."""

    workers: int
    waiting: int

    @property
    def is_stuck(self) -> bool:
        return self.waiting > 0 and self.workers == 0


class Endpoint:
    """One endpoint of an account; any thread may use it."""

    def __init__(self, http: httpx.Client, url: str, key: str) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"}

    def run(self, order: Mapping[str, Any], bounds: Bounds) -> str:
        """Queue a job and return RunPod's id of it; what is too large is refused before it is sent."""
        body = json.dumps({"input": order, "policy": bounds.to_json()}, separators=(",", ":")).encode()
        if len(body) > MOST_BYTES:
            raise BodyTooLargeError(
                f"the job is {len(body)} bytes long, RunPod takes {MOST_BYTES}. Put what is large into an object and name its key."
            )
        answer = self._answer("POST", "/run", body)
        if answer is None or not isinstance(answer.get("id"), str):
            raise InvalidRequestError(
                f"there is no RunPod endpoint at {self._url}. Look it up in the console and set RUNPOD_ENDPOINT_ID."
            )
        return answer["id"]

    def status(self, job: str) -> Told | None:
        """What is known of a job; None if RunPod knows nothing of it, or no more."""
        answer = self._answer("GET", f"/status/{job}")
        return None if answer is None else Told.of(answer)

    def cancel(self, job: str) -> None:
        """Ask for the end of a job; asked again, nothing changes."""
        self._answer("POST", f"/cancel/{job}", b"")

    def health(self) -> Health | None:
        """How the endpoint stands; None if there is none."""
        answer = self._answer("GET", "/health")
        if answer is None:
            return None
        workers, jobs = answer.get("workers") or {}, answer.get("jobs") or {}
        return Health(sum(_count(workers.get(name)) for name in _PRESENT), _count(jobs.get("inQueue")))

    def _answer(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any] | None:
        headers = self._headers | ({} if body is None else {"Content-Type": "application/json"})
        try:
            reply = self._http.request(method, self._url + path, content=body, headers=headers, timeout=WITHIN_S)
            told = reply.json() if reply.is_success else {}
        except (httpx.HTTPError, ValueError, RuntimeError) as fault:  # the last where the client was closed meanwhile
            raise StorageUnavailableError(f"RunPod did not answer: {type(fault).__name__}. Try again later.") from None
        if reply.status_code == HTTPStatus.NOT_FOUND:
            return None
        _check(reply)
        return told if isinstance(told, dict) else {}


_PRESENT = ("idle", "running", "initializing", "throttled")


def _check(reply: httpx.Response) -> None:
    if reply.is_success:
        return
    status = reply.status_code
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise UnauthorizedError(
            f"RunPod answered {status}: the key is not good for this endpoint. Check RUNPOD_API_KEY."
        )
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        raise BodyTooLargeError("RunPod found the job too large. Put what is large into an object and name its key.")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimitedError("RunPod answered 429: too many calls, or too many jobs wait. Try again later.")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise StorageUnavailableError(f"RunPod answered {status}. Try again later.")
    raise InvalidRequestError(f"RunPod answered {status}: {redact(reply.text)[:300]}. Check the endpoint and the job.")


def _milliseconds(seconds: float) -> int:
    return round(min(max(seconds, _SHORTEST_S), _LONGEST_S) * 1000)


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0
