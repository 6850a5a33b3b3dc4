"""One call to the API, as logs and meters see it."""

from dataclasses import dataclass
from typing import cast

from starlette.requests import HTTPConnection


@dataclass
class Visit:
    """Whoever learns more about a call on its way writes it down here."""

    request_id: str
    tenant: str | None = None
    key_id: str | None = None
    job_id: str | None = None
    code: str | None = None
    status: int | None = None


def visit_of(connection: HTTPConnection) -> Visit:
    """The call that is being answered."""
    return cast("Visit", connection.state.visit)
