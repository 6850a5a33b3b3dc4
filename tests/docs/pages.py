"""The project's own pages: headings, sections, tables and links of its Markdown files."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "guide"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) +(.+?) *$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it, up to the next heading of its level or above."""

    level: int
    title: str
    text: str


def sections(page: Path) -> list[Section]:
    text = page.read_text()
    # Blanks of the same length: a comment of an example is no heading, and places stay what they are.
    bare = _FENCE.sub(lambda fence: " " * len(fence[0]), text)
    found = [(match.start(), len(match[1]), match[2]) for match in _HEADING.finditer(bare)]
    ends = [
        next((place for place, deep, _ in found[position + 1 :] if deep <= level), len(text))
        for position, (_, level, _) in enumerate(found)
    ]
    return [Section(level, title, text[start:end]) for (start, level, title), end in zip(found, ends, strict=True)]


def section(page: Path, title: str) -> Section:
    """The one section of that title."""
    (found,) = [each for each in sections(page) if each.title == title]
    return found


def guide_section(title: str) -> Section:
    """The one section of the whole guide that a function's name heads."""
    (found,) = [
        each for page in GUIDE.glob("*.md") for each in sections(page) if (each.level, each.title) == (1, title)
    ]
    return found


def rows(text: str, header: str) -> Iterator[list[str]]:
    """The cells of every row of the tables with that header."""
    lines = iter(text.splitlines())
    for line in lines:
        if line == header:
            next(lines)
            for row in lines:
                if not row.startswith("|"):
                    break
                yield [cell.strip() for cell in row.strip("|").split(" | ")]


def blocks(text: str, language: str = "") -> list[str]:
    """What stands in the fences of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def links(page: Path) -> list[str]:
    return _LINK.findall(_FENCE.sub("", page.read_text()))


def anchors(page: Path) -> set[str]:
    """What links to headings of a page look like."""
    return {re.sub(r"[^\w\- ]", "", each.title.lower()).replace(" ", "-") for each in sections(page)}


def code_words(text: str) -> set[str]:
    """Every word that is set as code."""
    return {word for code in _CODE.findall(text) for word in re.findall(r"[A-Za-z_][\w-]*", code)}
