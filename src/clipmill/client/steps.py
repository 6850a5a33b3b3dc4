"""What a client does, without doing it: generators that ask for one step after the other.

Whoever carries the steps out sends back what came of each, or throws a `ClipmillError`. So one text serves both clients.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from clipmill.client.calls import Call, Reply
from clipmill.errors import ClipmillError

T = TypeVar("T")


@dataclass(frozen=True)
class Send:
    """Make a call; its whole answer comes back."""

    call: Call


@dataclass(frozen=True)
class Open:
    """Make a call; its answer comes back without a body, unless it is a problem. There is one at a time."""

    call: Call


@dataclass(frozen=True)
class Read:
    """The next bytes of the answer that is open; None at its end."""


@dataclass(frozen=True)
class Pause:
    """Wait."""

    seconds: float


@dataclass(frozen=True)
class Do:
    """Touch a file; what the function returns comes back."""

    work: Callable[[], Any]


@dataclass(frozen=True)
class Give:
    """Hand a value to the caller, who may take a while."""

    value: Any


Step = Send | Open | Read | Pause | Do | Give
Steps = Generator[Step, Any, T]


def send(call: Call) -> Steps[Reply]:
    """The whole answer to a call."""
    reply: Reply = yield Send(call)
    return reply


def opened(call: Call) -> Steps[Reply]:
    """The beginning of an answer, for `piece`."""
    reply: Reply = yield Open(call)
    return reply


def piece() -> Steps[bytes | None]:
    """The next bytes of the answer that is open; None at its end."""
    data: bytes | None = yield Read()
    return data


class Course(Generic[T]):
    """Steps on their way: ``step`` is to be done next, until it is None; then ``value`` is what came of them all."""

    def __init__(self, steps: Steps[T]) -> None:
        self.step: Step | None = None
        self._steps = steps
        self._value: list[T] = []
        self.go_on(None)

    @property
    def value(self) -> T:
        (value,) = self._value
        return value

    def go_on(self, came: Any) -> None:
        """Tell what came of the step."""
        self._move(lambda: self._steps.send(came))

    def fail(self, fault: ClipmillError) -> None:
        """Tell that the step failed."""
        self._move(lambda: self._steps.throw(fault))

    def close(self) -> None:
        self._steps.close()

    def _move(self, move: Callable[[], Step]) -> None:
        try:
            self.step = move()
        except StopIteration as end:
            self.step = None
            self._value.append(end.value)
