"""The functions by name with flat parameters, as callers of the deployed functions know them."""

import threading
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from clipmill.errors import ClipmillError, InvalidRequestError
from clipmill.jobs.events import OnEvent, nobody
from clipmill.jobs.job import Job
from clipmill.jobs.machine import Machine
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.perform import perform

_JOB_ID = ("job_id", "jobId")
_TENANT = ("user_id", "userId", "tenant")
_ERROR_MODE = ("error_mode", "errorMode")
_ABSENT = object()


class ErrorMode(StrEnum):
    """How a failure reaches the caller: as the answer, or raised."""

    DICT = "dict"
    RAISE = "raise"


def call(
    machine: Machine,
    name: str,
    /,
    *,
    on_event: OnEvent = nobody,
    cancel: threading.Event | None = None,
    **parameters: Any,
) -> dict[str, Any]:
    """Run the function ``name`` here and return its result.

    ``job_id`` and ``user_id`` name the job and its tenant, ``error_mode`` says how a failure is told ("dict", the
    default, or "raise"); all other parameters are the request. Retryable failures are told after the last attempt.
    Setting ``cancel`` stops the work.
    """
    mode = ErrorMode.DICT
    try:
        mode = _error_mode(parameters)
        outcome = perform(called_job(name, parameters), machine, on_event=on_event, cancel=cancel)
    except ClipmillError as fault:
        outcome = Outcome(error=fault)
    return outcome.value() if mode is ErrorMode.RAISE else outcome.wire()


def called_job(name: str, parameters: Mapping[str, Any]) -> Job:
    """The job that a call with these parameters means."""
    request = dict(parameters)
    _error_mode(request)
    job_id, tenant = _text(request, _JOB_ID), _text(request, _TENANT)
    return Job(job_id, name, request, tenant)


def _error_mode(parameters: dict[str, Any]) -> ErrorMode:
    given = _taken(parameters, _ERROR_MODE)
    if given is _ABSENT:
        return ErrorMode.DICT
    if given not in set(ErrorMode):
        raise InvalidRequestError(f'error_mode: expected "dict" or "raise", got {given!r:.100}')
    return ErrorMode(given)


def _text(parameters: dict[str, Any], spellings: tuple[str, ...]) -> str:
    value = _taken(parameters, spellings)
    if not isinstance(value, str):
        shown = "nothing" if value is _ABSENT else f"{value!r:.100}"
        raise InvalidRequestError(f"{spellings[0]}: expected text, got {shown}", details={"field": spellings[0]})
    return value


def _taken(parameters: dict[str, Any], spellings: tuple[str, ...]) -> Any:
    """Take a parameter out under whichever of its names it came; under two, they must agree."""
    given = {spelling: parameters.pop(spelling) for spelling in spellings if spelling in parameters}
    values = list(given.values())
    if any(value != values[0] for value in values):
        raise InvalidRequestError(f"{' and '.join(given)} differ: {values!r:.200}; send one of them")
    return values[0] if values else _ABSENT
