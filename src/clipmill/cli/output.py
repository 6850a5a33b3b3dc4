"""How a command speaks: the result alone on stdout, everything for people on stderr.

With ``--progress json`` every line of stderr is a JSON object: events, and a failure as the last one.
"""

import json
import sys
import traceback
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import click

from clipmill.cli.wording import printable

if TYPE_CHECKING:
    # Help and usage errors must not wait for the job model.
    from clipmill.jobs.events import OnEvent


class Progress(StrEnum):
    """How a job shows how far it is: a bar where stderr is a terminal, JSON lines, or not at all."""

    AUTO = "auto"
    BAR = "bar"
    JSON = "json"
    NONE = "none"


class UnwrittenError(Exception):
    """The result could not be written to stdout; the cause says why."""


@dataclass(frozen=True)
class Output:
    """The two streams, as the user wants them."""

    as_json: bool = False
    progress: Progress = Progress.AUTO
    quiet: bool = False
    debug: bool = False

    @property
    def speaks_to_people(self) -> bool:
        return not self.quiet and self.progress is not Progress.JSON

    @property
    def shows_bar(self) -> bool:
        return self.speaks_to_people and self.progress is not Progress.NONE and sys.stderr.isatty()

    def result(self, value: Mapping[str, Any], text: str) -> None:
        """The answer: the value as one JSON object, or else the text."""
        _answer(json.dumps(value) if self.as_json else printable(text))

    def part(self, text: str) -> None:
        """A part of the answer, as soon as it is known; one JSON object waits for the whole."""
        if not self.as_json:
            _answer(printable(text))

    def tell(self, text: str) -> None:
        """Something for people, beside the answer."""
        if self.speaks_to_people:
            _remark(printable(text))

    def fail(self, failure: Mapping[str, Any], text: str, fault: BaseException | None = None) -> None:
        """Why there is no answer; told however quiet we are. ``failure`` is its wire form."""
        if self.debug and self.speaks_to_people and fault is not None:
            _remark("".join(traceback.format_exception(fault)))
            _remark(printable(failure.get("details", {}).get("log", "")))
        _remark(json.dumps(failure) if self.progress is Progress.JSON else printable(text))
        if self.as_json:
            _answer(json.dumps(failure))

    @contextmanager
    def watching(self, title: str) -> "Generator[OnEvent]":
        """Whom a job tells its events while the block runs."""
        from clipmill.jobs.events import nobody

        if self.progress is Progress.JSON:
            yield lambda event: _remark(json.dumps(event.to_json()))
        elif self.shows_bar:
            from clipmill.cli.bar import bar

            with bar(title) as on_event:
                yield on_event
        else:
            yield nobody


def _answer(text: str) -> None:
    try:
        click.echo(text)
    except OSError as fault:
        raise UnwrittenError from fault


def _remark(text: str) -> None:
    # A job is worth more than its audience: that nobody reads stderr any more must not end it.
    with suppress(OSError):
        click.echo(text, err=True)
