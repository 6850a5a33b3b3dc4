"""The door to Modal: whether it is set up here, and a runner that has been answered."""

from importlib.util import find_spec

from clipmill.errors import InvalidRequestError
from clipmill.jobs.dispatch.carrier import Carrier
from clipmill.jobs.machine import Machine
from clipmill.settings import Settings


def is_set_up(settings: Settings) -> bool:
    """Whether Modal may be taken unasked; nobody is asked for that, and nothing loaded."""
    return settings.modal.enabled and find_spec("modal") is not None


def opened(settings: Settings, machine: Machine) -> Carrier:
    """A runner whose app is deployed and answers; else the error says what is missing."""
    if find_spec("modal") is None:
        raise InvalidRequestError("jobs on Modal need its library. Run `pip install clipmill[modal]`.")
    from clipmill.runners.modal.client import ModalRunner

    runner = ModalRunner(settings, machine)
    runner.check(next(iter(machine.catalogue)))
    return runner
