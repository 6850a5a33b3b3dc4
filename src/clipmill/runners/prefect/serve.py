"""A worker machine as one process: it takes runs from the pool and carries them out in its own threads.

Prefect's own worker, ``prefect worker start``, starts an interpreter for every run, about six seconds of processor
time. Our flows need none: the work is in a child either way.
"""

import asyncio
import os
import signal
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio

from clipmill.errors import InvalidRequestError
from clipmill.jobs.scratch import sweep
from clipmill.runners.prefect.deployment import HEARTBEAT_S
from clipmill.runners.prefect.queues import served
from clipmill.runners.prefect.worker import ENDING
from clipmill.settings import Settings, cores

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun
    from prefect.client.schemas.responses import WorkerFlowRunResponse


def serve(settings: Settings) -> None:
    """Take runs until this process is told to end; what runs then is left to another worker."""
    if not settings.prefect.url:
        raise InvalidRequestError("a worker needs a Prefect server. Set PREFECT_API_URL, such as http://host:4200/api.")
    from prefect.settings import temporary_settings

    sweep(settings.scratch_root)
    with temporary_settings(set_defaults=_defaults()):
        asyncio.run(_until_told(_worker(settings)))


def _defaults() -> dict[Any, Any]:
    """How Prefect's library behaves here unless the environment says otherwise."""
    from prefect import settings as names

    return {
        names.PREFECT_WORKER_QUERY_SECONDS: 2,
        names.PREFECT_WORKER_PREFETCH_SECONDS: 0,
        names.PREFECT_FLOWS_HEARTBEAT_FREQUENCY: HEARTBEAT_S,
        names.PREFECT_LOGGING_TO_API_ENABLED: False,
    }


async def _until_told(worker: Any) -> None:
    working = asyncio.ensure_future(worker.start())

    def end() -> None:
        ENDING.set()
        working.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
    with suppress(asyncio.CancelledError):
        await working


def _worker(settings: Settings) -> Any:
    from prefect.exceptions import ExternalSignal, PrefectSignal
    from prefect.flow_engine import run_flow
    from prefect.flows import load_flow_from_flow_run
    from prefect.workers.process import ProcessWorker, ProcessWorkerResult

    class WarmWorker(ProcessWorker):
        """A worker of pools of type ``process`` that starts no process."""

        # Its own place in Prefect's register of workers; the pool asks for `type`.
        @classmethod
        def __dispatch_key__(cls) -> str:
            return "clipmill"

        async def _submit_scheduled_flow_runs(
            self, flow_run_response: "list[WorkerFlowRunResponse]"
        ) -> "list[FlowRun]":
            # A run that found no place may come back before the thread that it had is counted as free: that raises.
            here = self._limiter.statistics().borrowers if self._limiter else ()
            new = [each for each in flow_run_response if each.flow_run.id not in here]
            return await super()._submit_scheduled_flow_runs(new)

        async def run(self, flow_run: "FlowRun", configuration: Any, task_status: Any = None) -> ProcessWorkerResult:
            del configuration
            flow = await load_flow_from_flow_run(flow_run, ignore_storage=True)
            if task_status is not None:
                task_status.started(os.getpid())
            work = partial(run_flow, flow, flow_run=flow_run, return_type="state")
            # The engine has told the server by then; here a signal would end the whole worker.
            with anyio.CancelScope(shield=True), suppress(PrefectSignal, ExternalSignal):
                await anyio.to_thread.run_sync(work)
            return ProcessWorkerResult(status_code=0, identifier=str(os.getpid()))

    return WarmWorker(
        work_pool_name=settings.prefect.pool,
        work_queues=served(settings.gpu),
        limit=max(1, cores() // settings.threads),
        create_pool_if_not_found=False,
    )
