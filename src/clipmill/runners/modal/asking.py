"""What has become of a call: an outcome, nothing yet, or nothing that can be believed.

Unknown is never taken for dead: a platform that does not answer is asked again. One that answers that it has
forgotten a call, or lost it, is not believed before the board and the store were looked at.
"""

import logging
from typing import TYPE_CHECKING

from clipmill.errors import CancelledError, ClipmillError, ConflictError, InternalError, WorkerLostError
from clipmill.errors import TimeoutError as TimeLimitError
from clipmill.jobs.faults import typed
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.stored_results import StoredResults
from clipmill.runners.modal.board import Board, Told
from clipmill.runners.modal.handle import Handle
from clipmill.runners.modal.payload import JobFailed

if TYPE_CHECKING:
    import modal

_LOG = logging.getLogger(__name__)


class UnsureError(Exception):
    """The platform does not say what became of a call; it never leaves this package."""


class ForgottenError(UnsureError):
    """The platform says that it does not know the call, and nobody wrote down how it ended."""


class Asking:
    """Asks the platform, then the board, then the store."""

    def __init__(self, board: Board, results: StoredResults) -> None:
        self._board = board
        self._results = results

    def told(self, handle: Handle) -> Told:
        """What the job told so far; nothing where the board cannot be read."""
        import modal

        try:
            return self._board.told(handle.tenant, handle.job_id, handle.call)
        except modal.Error:
            _LOG.warning("what job %s told cannot be read", handle.job_id, exc_info=True)
            return Told(handle.call)

    def outcome(self, handle: Handle, wait_s: float) -> Outcome | None:
        """The end of a call, waited for so long; None while it goes on."""
        import modal

        try:
            return Outcome.from_json(modal.FunctionCall.from_id(handle.call).get(timeout=wait_s))
        except TimeoutError:
            return None
        except JobFailed as failed:
            return failed.outcome
        except modal.Error as fault:
            return self._judged(handle, fault)
        except Exception as fault:  # noqa: BLE001 - what the body raised over there, such as an import that failed
            return Outcome(error=typed(fault))

    def _judged(self, handle: Handle, fault: "modal.Error") -> Outcome:
        """What the platform's own words mean, unless somebody else knows how the job ended."""
        from modal import exception

        match fault:
            case exception.OutputExpiredError() | exception.NotFoundError():
                end = None
            case exception.FunctionTimeoutError():
                end = TimeLimitError(f"job {handle.job_id}: {fault}")
            case exception.RemoteError() | exception.InternalFailure():
                end = self._stopped(handle, fault)
            case exception.ExecutionError():
                end = InternalError(f"job {handle.job_id}: {fault}")
            case _:
                raise UnsureError(f"{type(fault).__name__}: {fault}") from fault
        if (known := self._written_down(handle)) is not None:
            return known
        if end is None:
            raise ForgottenError(str(fault)) from fault
        return Outcome(error=end)

    def _written_down(self, handle: Handle) -> Outcome | None:
        """How the job ended by the word of its worker, or of the result beside its output; neither may be unreadable."""
        import modal

        try:
            told = self._board.told(handle.tenant, handle.job_id, handle.call)
            return told.outcome or self._results.recall(handle.tenant, handle.job_id, handle.digest)
        except ConflictError:
            return None
        except (modal.Error, ClipmillError) as fault:
            raise UnsureError(str(fault)) from fault

    def _stopped(self, handle: Handle, fault: "modal.Error") -> ClipmillError:
        import modal

        try:
            is_cancelled = self._board.is_asked_to_stop(handle.call)
        except modal.Error as silence:
            raise UnsureError(str(silence)) from silence
        if is_cancelled:
            return CancelledError(f"job {handle.job_id} was cancelled.")
        return WorkerLostError(f"job {handle.job_id} was ended by Modal: {str(fault) or 'no reason given'}.")
