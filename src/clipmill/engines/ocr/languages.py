"""Language hints: BCP-47 tags, and whether an engine can read what they mean."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from clipmill.errors import InvalidParameterError

_TAG = re.compile(
    r"(?P<language>[a-z]{2,3})(-[a-z]{3})*(-(?P<script>[a-z]{4}))?(-([a-z]{2}|[0-9]{3}))?(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Hint:
    """A language, and a script where the tag names one."""

    tag: str
    language: str
    script: str | None


def read_hints(tags: Iterable[str]) -> list[Hint]:
    """The languages that tags mean.

    >>> read_hints(["zh-Hant-TW"])
    [Hint(tag='zh-Hant-TW', language='zh', script='Hant')]
    """
    return [_hint(tag) for tag in tags]


def refuse_unreadable(hints: Iterable[Hint], engine: str, languages: Collection[str], scripts: Collection[str]) -> None:
    """Refuse a language, or a script of one, that the engine would only turn into rubbish."""
    for hint in hints:
        if hint.language not in languages or (hint.script and hint.script not in scripts):
            raise InvalidParameterError(
                f"languages: {engine} cannot read {hint.tag!r}; it reads {', '.join(sorted(languages))} in the scripts "
                f"{', '.join(sorted(scripts))}. Leave the hint out for these, or choose another ocr_engine.",
                details={"field": "languages"},
            )


def _hint(tag: str) -> Hint:
    found = _TAG.fullmatch(tag)
    if not found:
        raise InvalidParameterError(
            f"languages: expected BCP-47 tags such as 'en' or 'zh-Hant', got {tag!r:.80}.",
            details={"field": "languages"},
        )
    script = found["script"]
    return Hint(tag, found["language"].lower(), script.title() if script else None)
