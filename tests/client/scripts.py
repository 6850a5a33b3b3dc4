"""Steps of a client carried out by a script: the answers of a service, one after the other, and none of its network."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from clipmill.client.calls import Call, Reply
from clipmill.client.patience import Patience
from clipmill.client.steps import Course, Do, Give, Open, Pause, Read, Send, Steps
from clipmill.errors import ClipmillError

CALM = Patience(pauses_s=(1.0, 2.0), watch_pauses_s=(1.0, 2.0), draw=lambda: 1.0)
"""Two more attempts, with pauses that are not shortened."""

LOST = "lost"
"""In the place of a piece: the connection is lost."""


def answer(status: int = 200, body: Any = b"", pieces: Sequence[Any] = (), **headers: str) -> tuple[Reply, list[Any]]:
    """An answer; what is read of it piece by piece are the ``pieces``."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, told, text), list(pieces)


def problem(status: int, code: str, **headers: str) -> tuple[Reply, list[Any]]:
    return answer(status, {"status": status, "code": code, "detail": f"it is {code}", "request_id": "req_1"}, **headers)


@dataclass
class Script:
    """What is asked of the service is answered from ``answers``; an error in its place is that of the network."""

    answers: list[Any]
    lost: ClipmillError
    calls: list[Call] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    given: list[Any] = field(default_factory=list)
    _pieces: list[Any] = field(default_factory=list)

    def run(self, steps: Steps[Any]) -> Any:
        """What comes of the steps; nothing of the script may be left over."""
        course = Course(steps)
        while course.step is not None:
            try:
                course.go_on(self._do(course.step))
            except _FaultError as fault:
                course.fail(fault.error)
        assert self.answers == []
        return course.value

    def _do(self, step: Any) -> Any:
        match step:
            case Send(call) | Open(call):
                self.calls.append(call)
                found = self.answers.pop(0)
                if isinstance(found, ClipmillError):
                    raise _FaultError(found)
                reply, self._pieces = found
                return reply
            case Read():
                piece = self._pieces.pop(0) if self._pieces else None
                if piece is LOST:
                    raise _FaultError(self.lost)
                return piece
            case Pause(seconds):
                self.pauses.append(seconds)
            case Do(work):
                return work()
            case Give(value):
                self.given.append(value)
        return None


class _FaultError(Exception):
    def __init__(self, error: ClipmillError) -> None:
        super().__init__()
        self.error = error
