"""A progress bar on the terminal."""

import sys
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from clipmill.cli.wording import printable
from clipmill.jobs.events import Event, OnEvent, nobody


@contextmanager
def bar(title: str) -> Generator[OnEvent]:
    """Draw a bar on stderr until the block ends, then wipe it away; a terminal without a cursor gets none."""
    console = Console(file=sys.stderr)
    if console.is_dumb_terminal:
        yield nobody
        return
    # Titles are names of files: whatever stands in them is shown, and means nothing.
    what, count = (TextColumn(f"{{task.{field}}}", markup=False) for field in ("description", "fields[counted]"))
    columns = (what, BarColumn(), TaskProgressColumn(), count)
    progress = Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
    task = progress.add_task(printable(title), total=100, counted="")

    def on_event(event: Event) -> None:
        text = printable(f"{title}: {event.message}")
        progress.update(task, completed=event.progress, description=text, counted=counted(event))

    with progress:
        yield on_event


def counted(event: Event) -> str:
    """Frames or bytes of an event, and the time to go."""
    parts: list[str] = []
    if event.frames_total:
        parts.append(f"{event.frames_done}/{event.frames_total} frames")
    elif event.bytes_total:
        parts.append(f"{(event.bytes_done or 0) / 1e6:.1f}/{event.bytes_total / 1e6:.1f} MB")
    if event.eta_s is not None:
        parts.append(f"{event.eta_s:.0f} s to go")
    return ", ".join(parts)
