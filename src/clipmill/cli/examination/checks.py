"""A check tries something out and says what it found, or raises what is wrong."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from clipmill.jobs.faults import typed
from clipmill.storage.redact import redact


class State(StrEnum):
    """How a check ended: what is missing can be done without, what failed cannot."""

    OK = "ok"
    MISSING = "missing"
    FAILED = "failed"


@dataclass(frozen=True)
class Check:
    """Something to try out; ``needed`` says whether clipmill can't work without it."""

    name: str
    run: Callable[[], str]
    needed: bool = True


@dataclass(frozen=True)
class Finding:
    """What came of a check."""

    name: str
    state: State
    detail: str

    @property
    def failed(self) -> bool:
        return self.state is State.FAILED

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "state": self.state.value, "detail": self.detail}


def examine(check: Check) -> Finding:
    """Run a check; whatever it raises is a finding."""
    try:
        return Finding(check.name, State.OK, check.run())
    except Exception as fault:  # noqa: BLE001 - a broken machine may raise anything
        state = State.FAILED if check.needed else State.MISSING
        return Finding(check.name, state, redact(typed(fault).message))
