"""Readers of the five forms, written from their formats and as strict as the strictest player."""

import csv
import html
import io
import json
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Shown:
    """A cue as a player has it, in seconds."""

    start: float
    end: float
    text: str


def seconds(hours: str, minutes: str, rest: str) -> float:
    assert int(minutes) < 60
    assert float(rest) < 60
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def blocks(text: str, mark: str) -> list[Shown]:
    clock = rf"(\d{{2,}}):(\d\d):(\d\d{re.escape(mark)}\d\d\d)"
    shown = []
    for index, block in enumerate(text.removesuffix("\n").split("\n\n"), start=1):
        number, times, *lines = block.split("\n")
        found = re.fullmatch(f"{clock} --> {clock}", times)
        assert found, times
        assert number == str(index)
        assert lines
        assert not any("-->" in line or not line.strip() for line in lines)
        start, end = (seconds(*(part.replace(",", ".") for part in found.groups()[at : at + 3])) for at in (0, 3))
        shown.append(Shown(start, end, "\n".join(lines)))
    return shown


def read_srt(text: str) -> list[Shown]:
    return blocks(text, ",") if text else []


def read_vtt(text: str) -> list[Shown]:
    header, _, body = text.partition("\n\n")
    assert header.removesuffix("\n") == "WEBVTT"
    assert not re.search(r"<|&(?!amp;|lt;|gt;)", body)
    return [Shown(one.start, one.end, html.unescape(one.text)) for one in blocks(body, ".")] if body else []


def read_ass(text: str) -> list[Shown]:
    events = text.partition("\n[Events]\n")[2].splitlines()
    assert events[0].count(",") == 9
    shown = []
    for event in events[1:]:
        fields = event.removeprefix("Dialogue: ").split(",", 9)
        start, end = (seconds(*clock.split(":")) for clock in fields[1:3])
        shown.append(Shown(start, end, ass_text(fields[9])))
    return shown


def ass_text(said: str) -> str:
    """What libass draws: an override block vanishes, a command becomes what it means, a word joiner has no width."""
    assert not re.search(r"(?<!\\)[{}]", said)
    commands = {"\\N": "\n", "\\n": " ", "\\h": "\u00a0", "\\{": "{", "\\}": "}"}
    return re.sub(r"\\[Nnh{}]", lambda found: commands[found[0]], said).replace("\u2060", "")


def read_json(text: str) -> list[Shown]:
    return [Shown(one["start"], one["end"], one["text"] or "") for one in json.loads(text)["captions"]]


def read_csv(text: str) -> list[Shown]:
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    return [Shown(float(row["start"]), float(row["end"]), row["text"]) for row in rows]


def style_of(text: str) -> dict[str, str]:
    """The fields of the one style of a script."""
    names = re.search(r"\[V4\+ Styles\]\nFormat: (.*)", text)
    values = re.findall(r"\nStyle: (.*)", text)
    assert names
    assert len(values) == 1
    return dict(zip(names[1].split(", "), values[0].split(","), strict=True))


READERS = {"srt": read_srt, "vtt": read_vtt, "ass": read_ass, "json": read_json, "csv": read_csv}
