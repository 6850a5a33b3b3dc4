"""The talk between a parent and its child, from the order to the outcome."""

import threading
import time
from typing import Any

from clipmill.function.stages import Stage
from clipmill.jobs.broker import Broker
from clipmill.jobs.channel import Channel, Garbled
from clipmill.jobs.progress import ProgressMeter


class Conversation(threading.Thread):
    """Gives the order, answers questions and passes progress on, until the child has told its outcome or is gone."""

    def __init__(self, channel: Channel, order: dict[str, Any], broker: Broker, meter: ProgressMeter) -> None:
        super().__init__(name="clipmill-conversation", daemon=True)
        self.ended = threading.Event()
        self.needs: dict[str, float] | None = None
        self.outcome: dict[str, Any] | None = None
        self.fault: Exception | None = None
        self._channel = channel
        self._order = order
        self._broker = broker
        self._meter = meter
        self._answering = False
        self._moved_at = time.monotonic()
        self._last_report: tuple[int, int, Stage] | None = None

    def quiet_s(self) -> float:
        """How long the child has made no progress; while it waits for an answer, that is not its fault."""
        return 0.0 if self._answering else time.monotonic() - self._moved_at

    def run(self) -> None:
        try:
            self._channel.send(self._order)
            while self.outcome is None and (message := self._channel.receive()) is not None:
                self._take(message)
        except OSError:
            # The child is gone, and how it went says more than the broken wire.
            pass
        except Exception as fault:  # noqa: BLE001 - told by whoever waits for the end
            self.fault = fault
        finally:
            self._channel.close()
            self._broker.close()
            self.ended.set()

    def _take(self, message: dict[str, Any]) -> None:
        match message:
            case {"ask": _}:
                self._answer(message)
            case {"say": "progress", "done": int(done), "total": int(total), "stage": str(stage)}:
                self._report(done, total, _stage(stage))
            case {"say": "needs", "timeout_s": int() | float(), "memory_gb": int() | float(), "retries": int()}:
                self.needs = {name: value for name, value in message.items() if name != "say"}
                self._moved_at = time.monotonic()
            case {"say": "outcome", "result": dict()} | {"say": "outcome", "failure": dict()}:
                self.outcome = message
            case _:
                raise Garbled(f"{message!r:.100} is no message")

    def _answer(self, question: dict[str, Any]) -> None:
        self._answering = True
        answer, data = self._broker.answer(question)
        self._moved_at = time.monotonic()
        self._answering = False
        self._channel.send(answer, data)

    def _report(self, done: int, total: int, stage: Stage) -> None:
        if self._last_report != (done, total, stage):
            self._last_report = (done, total, stage)
            self._moved_at = time.monotonic()
        self._meter.report(done, total, stage)


def _stage(name: str) -> Stage:
    try:
        return Stage(name)
    except ValueError:
        raise Garbled(f"{name!r:.100} is no stage") from None
