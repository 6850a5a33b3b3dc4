"""What became of a job: a result, or a typed error. Never both, never neither."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from clipmill.errors import ClipmillError, InternalError, error_from_json
from clipmill.storage.redact import redact


@dataclass(frozen=True)
class Outcome:
    """The end of a job; ``attempts`` counts how often it was started.

    ``timings`` are the seconds that a job spent which failed, by the names that results use; a result has its own.
    """

    result: Mapping[str, Any] | None = None
    error: ClipmillError | None = None
    attempts: int = 1
    timings: Mapping[str, float] = field(default_factory=dict[str, float], compare=False)

    def __post_init__(self) -> None:
        if (self.result is None) == (self.error is None):
            raise InternalError("an outcome holds either a result or an error")

    @property
    def succeeded(self) -> bool:
        return self.error is None

    def value(self) -> dict[str, Any]:
        """The result, or the error raised."""
        if self.error is not None:
            raise self.error
        return dict(self.result or {})

    def wire(self) -> dict[str, Any]:
        """What a wire function answers: the result, or the error in its wire form without secrets."""
        if self.error is None:
            return dict(self.result or {})
        return without_secrets(self.error.to_json())

    def to_json(self) -> dict[str, Any]:
        if self.succeeded:
            return {"result": self.wire(), "attempts": self.attempts}
        return {"failure": self.wire(), "attempts": self.attempts, "timings": dict(self.timings)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The outcome that another process wrote down."""
        attempts = int(data.get("attempts", 1))
        if "result" in data:
            return cls(result=data["result"], attempts=attempts)
        return cls(error=error_from_json(data.get("failure", {})), attempts=attempts, timings=data.get("timings") or {})


def without_secrets(value: Any) -> Any:
    """Plain JSON with every text in it redacted.

    >>> without_secrets({"log": ["GET https://b.example/a?sig=x"]})
    {'log': ['GET https://b.example/a?[redacted]']}
    """
    match value:
        case str():
            return redact(value)
        case Mapping():
            return {name: without_secrets(part) for name, part in value.items()}
        case list() | tuple():
            return [without_secrets(part) for part in value]
        case _:
            return value
