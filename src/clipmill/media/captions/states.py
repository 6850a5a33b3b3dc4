"""The state of each step of a video's captions, and the words for what went wrong."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from clipmill.errors import InvalidParameterError, LockLostError
from clipmill.errors import TimeoutError as DeadlineError

MOST_AUTOMATIC_ATTEMPTS = 3
LONGEST_STATUS_TEXT = 2000
TIMED_OUT = "Processing timeout"
WORKER_LOST = "Worker lost"
LEASE_GRACE = timedelta(seconds=60)
READING_GRACE = timedelta(seconds=300)
"""How long after its own timeout a caption's reading, which holds no lock, counts as lost."""
SKIPPED = {"status": "skipped", "reason": "already_processing"}
"""What a flow returns that finds its video in work."""


class Status(StrEnum):
    QUEUED = "queued"
    PROCESSING = "processing"
    READY = "ready"
    ERROR = "error"


class Platform(StrEnum):
    """Where a call runs, as status texts name it."""

    MODAL = "Modal"
    RUNPOD = "RunPod"
    LOCAL = "Local"


LEGAL_MOVES = {
    Status.QUEUED: frozenset({Status.PROCESSING}),
    Status.PROCESSING: frozenset({Status.READY, Status.ERROR}),
    Status.READY: frozenset({Status.QUEUED}),
    Status.ERROR: frozenset({Status.QUEUED}),
}


@dataclass(frozen=True, slots=True)
class StepState:
    """One step of one video, as it is stored."""

    status: Status = Status.QUEUED
    error: str | None = None
    run_token: str | None = None
    attempts: int = 0

    def claimed(self, run_token: str) -> "StepState":
        """In work under a token, which every later write needs."""
        check_move(self.status, Status.PROCESSING)
        return StepState(Status.PROCESSING, None, run_token, self.attempts + 1)

    def ready(self, run_token: str) -> "StepState":
        self._check_token(run_token)
        check_move(self.status, Status.READY)
        return StepState(Status.READY, None, run_token, self.attempts)

    def failed(self, run_token: str, error: str) -> "StepState":
        self._check_token(run_token)
        return self._broken(error)

    def lost(self) -> "StepState":
        """Given up by the sweeper, which needs no token."""
        return self._broken(WORKER_LOST)

    def queued_again(self, *, by_person: bool) -> "StepState":
        """Waiting for a restart, its error text gone; a person's restart starts counting afresh."""
        if self.status is Status.ERROR and not (by_person or may_restart_itself(self)):
            raise InvalidParameterError(
                f"attempts: {self.attempts} were made, automatic restarts stop at {MOST_AUTOMATIC_ATTEMPTS}. "
                "Queue it again by hand."
            )
        check_move(self.status, Status.QUEUED)
        return StepState(Status.QUEUED, None, None, 0 if by_person else self.attempts)

    def _broken(self, error: str) -> "StepState":
        check_move(self.status, Status.ERROR)
        return StepState(Status.ERROR, error[:LONGEST_STATUS_TEXT], self.run_token, self.attempts)

    def _check_token(self, run_token: str) -> None:
        if self.run_token != run_token:
            raise LockLostError("run_token: another run has claimed this step since. Leave its state to that run.")


def check_move(old: Status, new: Status) -> None:
    """Refuse a change of state that no step ever makes."""
    if new not in LEGAL_MOVES[old]:
        allowed = ", ".join(sorted(LEGAL_MOVES[old]))
        raise InvalidParameterError(f"status: {old} can only become {allowed}, got {new}. Queue the step again first.")


def may_restart_itself(state: StepState) -> bool:
    """Whether a scheduler may start a failed step again without a person."""
    return state.status is Status.ERROR and state.attempts < MOST_AUTOMATIC_ATTEMPTS


def status_text(error: BaseException, platform: Platform, *, raised_remotely: bool) -> str:
    """What a person reads about a call that failed.

    >>> status_text(ConnectionError("connection reset"), Platform.MODAL, raised_remotely=False)
    'Modal error: connection reset'
    """
    text = str(error) or type(error).__name__
    if isinstance(error, TimeoutError | DeadlineError):
        text = TIMED_OUT
    elif not raised_remotely:
        text = f"{platform} error: {text}"
    return text[:LONGEST_STATUS_TEXT]


def lost_with_lease(lease_ended: datetime, now: datetime) -> bool:
    """Whether a step under a lock was left by its worker: its lease is long over."""
    return now - lease_ended >= LEASE_GRACE


def lost_reading(claimed_at: datetime, now: datetime, timeout: timedelta) -> bool:
    """Whether the reading of a caption was left by its worker."""
    return now - claimed_at > timeout + READING_GRACE
