"""The door to Prefect: whether a server is named here, and a runner that it has answered."""

from clipmill.jobs.machine import Machine
from clipmill.runners.prefect.client import PrefectRunner
from clipmill.settings import Settings


def is_set_up(settings: Settings) -> bool:
    """Whether a server is named."""
    return bool(settings.prefect.url)


def opened(settings: Settings, machine: Machine) -> PrefectRunner:
    """A runner whose server answers and has the deployment; else the error says what is missing."""
    runner = PrefectRunner(settings, machine)
    try:
        runner.check()
    except BaseException:
        runner.close()
        raise
    return runner
