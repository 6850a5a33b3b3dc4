import io
from contextlib import redirect_stderr

import pytest

from clipmill.cli.bar import bar, counted
from clipmill.function.stages import Stage
from clipmill.jobs.events import Event


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("NO_COLOR", "1")


def shown(title: str, told: Event) -> str:
    """All that a terminal gets while a bar tells one event."""
    with redirect_stderr(Terminal()) as terminal, bar(title) as on_event:
        on_event(told)
    return terminal.getvalue()


def event(**changes: object) -> Event:
    values = {"job_id": "j", "seq": 1, "time": "", "stage": Stage.PROCESSING, "progress": 42.0, "message": "rendering"}
    return Event(**(values | changes))


def test_a_bar_tells_the_title_the_stage_and_the_share():
    text = shown("reel.mp4", event(frames_done=12, frames_total=48))
    assert [words for words in ("reel.mp4: rendering", "42%", "12/48 frames") if words not in text] == []


def test_a_name_in_brackets_is_shown_as_it_is():
    text = shown("[red]match[/wrong].mp4", event(message="\x1b[2J"))
    assert "[red]match[/wrong].mp4: \\x1b[2J" in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ""),
        ({"frames_done": 0, "frames_total": 48}, "0/48 frames"),
        ({"frames_done": 12, "frames_total": 48, "eta_s": 7.4}, "12/48 frames, 7 s to go"),
        ({"bytes_done": 1_500_000, "bytes_total": 20_000_000}, "1.5/20.0 MB"),
    ],
)
def test_what_is_counted_stands_beside_the_bar(changes: dict, words: str):
    assert counted(event(**changes)) == words
