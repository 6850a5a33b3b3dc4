"""The flows as Prefect's workers import them."""

import json
from typing import Any

from prefect import Flow, flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Failed

from clipmill.errors import CancelledError
from clipmill.errors import TimeoutError as TimeLimitError
from clipmill.jobs.job import Job
from clipmill.jobs.outcome import Outcome
from clipmill.runners.prefect.deployables import JOB_FLOW
from clipmill.runners.prefect.leaving import left
from clipmill.runners.prefect.telling import Stop
from clipmill.runners.prefect.worker import Worker


def job_flow(worker: Worker) -> Flow[Any, Any]:
    """The flow that carries out any function or workflow. It is not retried: a job's attempts are counted by its caller."""

    @flow(name=JOB_FLOW, retries=0, persist_result=False, validate_parameters=False)
    def carry_out(job: str, store: str, once: bool) -> State[Any]:
        run_id = flow_run.get_id()
        assert run_id is not None, "a flow that runs has a run"
        ended = worker.carry_out(run_id, Job.from_json(json.loads(job)), store, once=once)
        return left(ended) if isinstance(ended, Stop) else end_state(ended)

    return carry_out


def end_state(outcome: Outcome) -> State[Any]:
    """An outcome in Prefect's words."""
    match outcome.error:
        case None:
            return Completed()
        case CancelledError():
            return Cancelled(message="cancelled")
        case TimeLimitError():
            return Failed(name="TimedOut", message=outcome.wire()["error"])
        case _:
            return Failed(message=outcome.wire()["error"])


WORKER = Worker()
clipmill_job = job_flow(WORKER)
