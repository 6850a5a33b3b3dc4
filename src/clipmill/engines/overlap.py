"""Let a producer of values run ahead of its consumer in a thread of its own."""

import threading
from collections.abc import Iterable, Iterator
from queue import Empty, Full, Queue
from typing import TypeVar

T = TypeVar("T")

_PATIENCE_S = 0.1


class _End:
    """The producer is done; ``fault`` is what stopped it, if anything did."""

    def __init__(self, fault: BaseException | None = None) -> None:
        self.fault = fault


def ahead(values: Iterable[T], depth: int) -> Iterator[T]:
    """Yield ``values`` while up to ``depth`` of them are made in advance; a fault is raised where it would have been.

    The thread ends when the consumer stops early: closing this iterator closes the producer too.
    """
    waiting: Queue[T | _End] = Queue(depth)
    stopped = threading.Event()

    def offer(item: T | _End) -> bool:
        while not stopped.is_set():
            try:
                waiting.put(item, timeout=_PATIENCE_S)
            except Full:
                continue
            return True
        return False

    def produce() -> None:
        source = iter(values)
        try:
            for value in source:
                if not offer(value):
                    break
            offer(_End())
        except BaseException as fault:  # noqa: BLE001 - carried over to the consumer's thread
            offer(_End(fault))
        finally:
            close = getattr(source, "close", None)
            if close is not None:
                close()

    producer = threading.Thread(target=produce, name="ahead", daemon=True)
    producer.start()
    try:
        while True:
            item = waiting.get()
            if isinstance(item, _End):
                if item.fault is not None:
                    raise item.fault
                return
            yield item
    finally:
        stopped.set()
        _drain(waiting)
        producer.join()


def _drain(waiting: Queue[T]) -> None:
    try:
        while True:
            waiting.get_nowait()
    except Empty:
        return
