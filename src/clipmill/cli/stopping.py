"""Ctrl-C: once asks the work to stop and keeps what can be resumed, twice ends everything at once."""

import os
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from clipmill.cli.exit_codes import ExitCode
from clipmill.cli.output import Output
from clipmill.errors import CancelledError, ClipmillError

_STDERR = 2
_ASKED = b"\nStopping. Ctrl-C once more ends at once.\n"
_SHOW_CURSOR = b"\x1b[?25h"


class Stop:
    """Whether someone asked us to stop, and by which signal."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.by: int | None = None

    def again(self) -> None:
        """Hand a signal that came too early to whoever listens now."""
        if self.by is not None:
            signal.raise_signal(self.by)

    def check(self) -> None:
        """Raise once someone asked."""
        if self.asked.is_set():
            raise self.meant(CancelledError("the work was cancelled."))

    def meant(self, error: ClipmillError) -> BaseException:
        """What a failure means: a cancellation that began at the keyboard is an interruption."""
        by_keyboard = isinstance(error, CancelledError) and self.by == signal.SIGINT
        return KeyboardInterrupt() if by_keyboard else error


@contextmanager
def stoppable(output: Output) -> Generator[Stop]:
    """Listen for Ctrl-C and for a polite request to end while the block runs."""
    stop = Stop()

    def heard(number: int, _frame: FrameType | None) -> None:
        # Whatever the interrupted code was doing, these calls take no lock that it may hold.
        if stop.by is not None:
            os.write(_STDERR, _SHOW_CURSOR if output.shows_bar else b"")
            os._exit(ExitCode.INTERRUPTED)
        stop.by = number
        stop.asked.set()
        os.write(_STDERR, _ASKED if output.speaks_to_people and number == signal.SIGINT else b"")

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
