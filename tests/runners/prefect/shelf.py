"""A server that keeps the variables of one queue as Prefect does: a name once, an id for each that was made."""

import threading
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from tests.runners.prefect.asked import Answer, Asked

from clipmill.errors import ConflictError
from clipmill.runners.prefect.runs import Run, RunState

QUEUE = "0c8e1c55-3a0b-4f8e-9d0e-0d2f4a2b6c11"


class Shelf(Asked):
    """Its clock stands still until a test moves it."""

    def __init__(self, limit: int | None, otherwise: Answer = lambda _path, _body: None) -> None:
        super().__init__(otherwise)
        self.limit = limit
        self.kept: dict[str, dict[str, Any]] = {}
        self._now = datetime(2026, 1, 1, tzinfo=UTC)
        self._ids = count()
        self._lock = threading.Lock()

    def wait(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self._now

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        told = super().ask(method, path, body)
        with self._lock:
            match method, path.removeprefix("/variables/"):
                case "GET", name if name.startswith("/work_queues"):
                    return {"concurrency_limit": self.limit}
                case "POST", "filter":
                    return list(self.kept.values())
                case "POST", "":
                    return self._made(body["name"])
                case "PATCH", name if name in self.kept:
                    self.kept[name]["updated"] = self._now.isoformat()
                    return {}
                case "DELETE", name:
                    return self.kept.pop(name, None)
                case _:
                    return told

    def _made(self, name: str) -> dict[str, Any]:
        if any(each["name"] == name for each in self.kept.values()):
            raise ConflictError(name)
        made = {"id": str(next(self._ids)), "name": name, "updated": self._now.isoformat()}
        self.kept[made["id"]] = made
        return made


def run_in_queue(number: int = 0) -> Run:
    return Run(f"run-{number}", RunState.RUNNING, "", None, QUEUE)
