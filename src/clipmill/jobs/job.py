"""A job: one call of one function, as plain JSON that any runner can carry."""

import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from clipmill.errors import ForbiddenError, InvalidRequestError
from clipmill.storage.keys import validate_job_id, validate_tenant

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID_LENGTH = 26


@dataclass(frozen=True)
class Job:
    """What is to be done for whom. ``request`` is the JSON object that the function reads; never change it.

    A request that names its tenant, as ``tenant_id``, is that tenant's: a job of no tenant becomes theirs, a job of
    another one is `ForbiddenError`. ``kept`` says whether the result is stored, to answer the same job when it is sent again; a step of a workflow
    has no use for that.
    """

    id: str
    function: str
    request: Mapping[str, Any]
    tenant: str = ""
    kept: bool = True

    def __post_init__(self) -> None:
        validate_job_id(self.id)
        validate_tenant(self.tenant, root_allowed=True)
        _canonical(self.request)
        self._belong(self.request.get("tenant_id"))

    def _belong(self, named: Any) -> None:
        if not isinstance(named, str) or named == self.tenant:
            return
        if self.tenant:
            raise ForbiddenError(
                f"tenant_id {named!r:.100} is not the tenant of this job. Name your own, or use a key of that tenant.",
                details={"field": "tenant_id"},
            )
        object.__setattr__(self, "tenant", validate_tenant(named))

    @property
    def digest(self) -> str:
        """Equal for two jobs that ask for the same thing, whatever their ids."""
        return hashlib.sha256(_canonical([self.function, self.tenant, self.request]).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)} | {"request": dict(self.request)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The job of a JSON object, with a fresh id if it names none.

        >>> Job.from_json({"id": "job_1", "function": "echo", "request": {}}).function
        'echo'
        """
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(data) - known):
            raise InvalidRequestError(f"job: unknown field {unknown[0]!r}; known fields: {', '.join(sorted(known))}")
        values: dict[str, Any] = {"id": new_job_id(), "tenant": ""} | dict(data)
        for name in ("id", "function", "tenant"):
            if not isinstance(values.get(name), str):
                raise InvalidRequestError(f"job: {name} must be text, got {values.get(name)!r:.100}")
        if not isinstance(values.get("request"), Mapping):
            raise InvalidRequestError(f"job: request must be a JSON object, got {values.get('request')!r:.100}")
        if not isinstance(values.get("kept", True), bool):
            raise InvalidRequestError(f"job: kept must be true or false, got {values['kept']!r:.100}")
        return cls(**values)


def new_job_id() -> str:
    """``job_`` and a ULID: 48 bits of milliseconds, then 80 random bits, so ids sort by their time."""
    number = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
    return "job_" + "".join(_CROCKFORD[number >> 5 * place & 31] for place in reversed(range(_ULID_LENGTH)))


def _canonical(value: Any) -> str:
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as fault:
        raise InvalidRequestError(
            f"job: the request is not plain JSON: {fault}; send finite numbers and text"
        ) from None
