"""The way in: whether a RunPod account is set up, and its runner once its endpoints answered."""

import logging

from clipmill.errors import InvalidRequestError
from clipmill.jobs.machine import Machine
from clipmill.runners.runpod.endpoint import Health
from clipmill.runners.runpod.runner import Account, RunPodRunner
from clipmill.settings import Settings

_LOG = logging.getLogger(__name__)


def is_set_up(settings: Settings) -> bool:
    """Whether there are a key and an endpoint."""
    return bool(settings.runpod_key and settings.runpod_endpoints)


def opened(settings: Settings, machine: Machine) -> RunPodRunner:
    """The runner of the account in the settings; an error if it has none, or RunPod does not know it."""
    if not is_set_up(settings):
        raise InvalidRequestError("RunPod is not set up. Set RUNPOD_API_KEY and RUNPOD_ENDPOINT_ID.")
    account = Account(settings.runpod_url, settings.runpod_key, settings.runpod_endpoints)
    runner = RunPodRunner(machine, account)
    try:
        for endpoint, health in runner.health().items():
            _check(endpoint, health)
    except BaseException:
        runner.close()
        raise
    return runner


def _check(endpoint: str, health: Health | None) -> None:
    if health is None:
        raise InvalidRequestError(
            f"RunPod has no endpoint {endpoint}. Look it up in the console and set RUNPOD_ENDPOINT_ID."
        )
    if health.is_stuck:
        _LOG.warning(
            "RunPod endpoint %s has %d jobs that wait and no worker. After a week without jobs RunPod sets its workers "
            "to 0: raise the number in the console.",
            endpoint,
            health.waiting,
        )
