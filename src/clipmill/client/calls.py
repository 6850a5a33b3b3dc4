"""Calls to a service and their answers, as values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clipmill.client.file_piece import FilePiece
from clipmill.errors import StorageUnavailableError

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Call:
    """``url`` is a path of the service, or a whole address elsewhere, which gets no key.

    ``within_s`` bounds every silence of the answer, not the whole of it.
    """

    method: str
    url: str
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | FilePiece | None = None
    within_s: float = 30.0

    @classmethod
    def post(cls, url: str, value: Mapping[str, Any], **headers: str) -> "Call":
        """A JSON object, sent to a path."""
        body = json.dumps(value, allow_nan=False).encode()
        return cls("POST", url, headers=JSON | headers, body=body)


@dataclass(frozen=True)
class Reply:
    """An answer. Names of headers are in small letters; ``body`` is empty where it is read piece by piece."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def ok(self) -> bool:
        return self.status < 400

    def json(self) -> dict[str, Any]:
        """The JSON object of the body; something else answered if there is none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise StorageUnavailableError(
                f"the answer with status {self.status} is no JSON object: is there a clipmill service at this address?"
            )
        return value
