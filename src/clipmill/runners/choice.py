"""Which runner carries out jobs: the one that is named, else the first platform that is set up and answers.

A platform is a module with two functions, as `Door` has them, loaded only when it is to be used.
"""

import logging
from collections.abc import Mapping
from typing import Protocol, cast

from clipmill.errors import ClipmillError
from clipmill.jobs.dispatch.carrier import Carrier
from clipmill.jobs.machine import Machine
from clipmill.runners.doors import door
from clipmill.settings import RunnerChoice, Settings

_LOG = logging.getLogger(__name__)

PLATFORMS: Mapping[RunnerChoice, str] = {
    RunnerChoice.MODAL: "clipmill.runners.modal.opening",
    RunnerChoice.RUNPOD: "clipmill.runners.runpod.opening",
    RunnerChoice.PREFECT: "clipmill.runners.prefect.opening",
}
"""The door of each platform, in the order in which ``auto`` tries them."""


class Door(Protocol):
    """What a platform's module offers."""

    def is_set_up(self, settings: Settings) -> bool:
        """Whether ``auto`` may try it: told by the settings alone."""
        ...

    def opened(self, settings: Settings, machine: Machine) -> Carrier:
        """A runner whose platform answered; its error says what is missing, and what to do."""
        ...


def open_runner(
    settings: Settings, machine: Machine, cores: int = 1, platforms: Mapping[RunnerChoice, str] = PLATFORMS
) -> Carrier:
    """The runner of the settings, ready for jobs; where jobs run on this machine, as many at a time as fit ``cores``."""
    if settings.runner in platforms:
        return _door(settings.runner, platforms[settings.runner]).opened(settings, machine)
    if settings.runner is RunnerChoice.AUTO and settings.is_shared:
        for name, place in platforms.items():
            if (found := _tried(name, place, settings, machine)) is not None:
                return found
    from clipmill.runners.local import LocalRunner

    return LocalRunner(machine, cores)


def _tried(name: RunnerChoice, place: str, settings: Settings, machine: Machine) -> Carrier | None:
    try:
        platform = _door(name, place)
        return platform.opened(settings, machine) if platform.is_set_up(settings) else None
    except ClipmillError as fault:
        _LOG.info("runner %s is passed over: %s", name, fault.message)
        return None


def _door(name: RunnerChoice, place: str) -> Door:
    return cast("Door", door(name, place))
