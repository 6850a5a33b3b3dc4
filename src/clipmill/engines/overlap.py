"""Let a producer of values run ahead of its consumer in a thread of its own."""

import threading
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import Generic, TypeVar

T = TypeVar("T")

_PATIENCE_S = 0.1


def ahead(values: Iterable[T], depth: int) -> Generator[T]:
    """Yield ``values`` while up to ``depth`` of them are made in advance; a fault is raised where it would have been.

    The thread ends when the consumer stops early: closing this iterator closes the producer too.
    """
    belt: _Belt[T] = _Belt(depth)
    producer = threading.Thread(target=belt.produce, args=(iter(values),), name="ahead", daemon=True)
    producer.start()
    try:
        while not isinstance(item := belt.waiting.get(), _End):
            yield item
        if item.fault is not None:
            raise item.fault
    finally:
        belt.stop()
        producer.join()


@dataclass(frozen=True)
class _End:
    """The producer is done; ``fault`` is what stopped it, if anything did."""

    fault: BaseException | None = None


class _Belt(Generic[T]):
    """Carries values from one thread to another until it is stopped."""

    def __init__(self, depth: int) -> None:
        self.waiting: Queue[T | _End] = Queue(depth)
        self._stopped = threading.Event()

    def produce(self, source: Iterator[T]) -> None:
        """Make values until there are no more, or nobody wants them."""
        end = _End()
        try:
            for value in source:
                if not self._offer(value):
                    break
        except BaseException as fault:  # noqa: BLE001 - carried over to the consumer's thread
            end = _End(fault)
        finally:
            if isinstance(source, Generator):
                source.close()
            self._offer(end)

    def stop(self) -> None:
        """Let the producer end, whatever it is waiting for."""
        self._stopped.set()
        try:
            while True:
                self.waiting.get_nowait()
        except Empty:
            return

    def _offer(self, item: T | _End) -> bool:
        while not self._stopped.is_set():
            try:
                self.waiting.put(item, timeout=_PATIENCE_S)
            except Full:
                continue
            return True
        return False
