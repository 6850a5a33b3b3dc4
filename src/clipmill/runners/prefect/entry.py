"""The way of a run to its work: a place, or back into its queue."""

import logging
import threading

from clipmill.errors import StorageUnavailableError
from clipmill.runners.prefect import runs
from clipmill.runners.prefect.api import Api
from clipmill.runners.prefect.places import Place, Places
from clipmill.runners.prefect.runs import RunState
from clipmill.runners.prefect.telling import Stop
from clipmill.storage.retry import RetryPolicy

_LOG = logging.getLogger(__name__)

_ASKED_AGAIN_S = (1.0, 2.0, 4.0)
_PROCESS_ENDS_S = 25.0
"""Prefect's worker dies if it is given a run whose process has not ended, and it asks for runs 10 s before their time."""


def entered(api: Api, places: Places, run_id: str) -> Place | Stop:
    """The place of a run that begins, or why it does not.

    A run for which there is no place waits in its queue again, so that it keeps no worker from runs of other queues.
    """
    try:
        return RetryPolicy(_ASKED_AGAIN_S).run(lambda: _entered(api, places, run_id))
    except StorageUnavailableError as fault:
        _LOG.warning("run %s does not begin, since nobody tells whether there is a place: %s", run_id, fault.message)
        return Stop.TAKEN_AWAY


def _entered(api: Api, places: Places, run_id: str) -> Place | Stop:
    run = runs.run(api, run_id)
    if run is None:
        return Stop.TAKEN_AWAY
    if run.state is RunState.SCHEDULED:
        # The answer to its return was lost.
        return Stop.NO_PLACE
    place = places.take(run)
    if place is not None:
        return place
    wait_s = places.terms.again_after_s + (_PROCESS_ENDS_S if _has_a_process() else 0.0)
    waits = runs.put_back(api, run.id, wait_s, "all places of its queue are taken")
    return Stop.NO_PLACE if waits else Stop.CANCELLED


def _has_a_process() -> bool:
    """Whether this process was started for the run alone, as Prefect's own worker does; ours carries runs out in threads."""
    return threading.current_thread() is threading.main_thread()
