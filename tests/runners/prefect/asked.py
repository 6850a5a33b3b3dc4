"""A server that notes what it is asked and answers as it is told to."""

from collections.abc import Callable
from typing import Any

from clipmill.runners.prefect.api import Api

Answer = Callable[[str, Any], Any]


class Asked(Api):
    def __init__(self, answer: Answer = lambda _path, _body: {}) -> None:
        self.asked: list[tuple[str, Any]] = []
        self._answer = answer

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        del method
        self.asked.append((path, body))
        return self._answer(path, body)
