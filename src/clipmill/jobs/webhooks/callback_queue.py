"""What a callback address is still to be told: at most one step of the bar, and the end."""

from clipmill.jobs.callback_steps import Callback, advanced, ending
from clipmill.jobs.events import Event
from clipmill.jobs.outcome import Outcome


class CallbackQueue:
    """Keeps order: the bar never falls, newer progress replaces what nobody took yet, nothing comes after the end."""

    def __init__(self) -> None:
        self._progress: Callback | None = None
        self._end: Callback | None = None
        self._ended = False
        self._told: Callback | None = None

    def put(self, event: Event) -> None:
        """Note a step; one that says nothing new is left out."""
        news = None if self._ended else advanced(self._told.body if self._told else None, event)
        if news is not None:
            self._progress = self._told = news

    def end(self, outcome: Outcome) -> None:
        """Note the end, once; progress that nobody took is no news any more."""
        if not self._ended:
            self._ended, self._progress, self._end = True, None, ending(outcome.wire())

    def take(self) -> Callback | None:
        """What is to be sent next."""
        if self._end is not None:
            taken, self._end = self._end, None
        else:
            taken, self._progress = self._progress, None
        return taken
