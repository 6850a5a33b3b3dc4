"""Kinds of columns that several tables share."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Text
from sqlalchemy.types import TypeDecorator

PLAIN = JSON(none_as_null=True)
"""JSON as it was given; nothing is NULL, never the JSON word null."""


class Word(TypeDecorator[StrEnum]):
    """A member of an enum, kept as its text."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: StrEnum | None, dialect: Any) -> str | None:
        del dialect
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: Any | None, dialect: Any) -> StrEnum | None:
        del dialect
        return None if value is None else self.kind(value)


def one_of(column: str, kind: type[StrEnum]) -> CheckConstraint:
    """The column holds a member of the enum and nothing else."""
    return CheckConstraint(f"{column} IN ({quoted(*kind)})", name=column)


def quoted(*words: StrEnum) -> str:
    """The words as a list in SQL.

    >>> from clipmill.jobs.ledger.states import State
    >>> quoted(State.FAILED, State.EXPIRED)
    "'failed', 'expired'"
    """
    return ", ".join(f"'{word.value}'" for word in words)
