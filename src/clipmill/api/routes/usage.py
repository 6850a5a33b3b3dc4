"""What a tenant used."""

import re
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict

from clipmill.api.access import UsageReader
from clipmill.api.answers import answer, problems
from clipmill.api.desk import Here
from clipmill.api.shapes import UsageView
from clipmill.errors import InvalidRequestError
from clipmill.jobs.ledger.moments import now_utc

router = APIRouter(prefix="/v1", tags=["usage"])


_WRITTEN = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def _written_out(value: str) -> str:
    """Numbers of seconds are read as times too, which nobody means."""
    if not _WRITTEN.fullmatch(value):
        raise ValueError("expected a time such as 2026-01-31T12:00:00Z")
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("lies outside of all time that can be told") from None


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_in_utc)]


class Span(BaseModel):
    """From the first day of this month until now, unless said otherwise."""

    model_config = ConfigDict(extra="forbid")

    since: Moment | None = None
    until: Moment | None = None


@router.get("/usage", responses=problems(422), response_model=UsageView)
def get_usage(caller: UsageReader, desk: Here, span: Annotated[Span, Query()]) -> Response:
    """Tell what was used in a span of time: jobs, seconds of GPU and of output, bytes, and what they cost."""
    until = span.until or now_utc()
    since = span.since or until.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if since > until:
        wrong = f"since: expected a time up to {until.isoformat()}, got {since.isoformat()}."
        raise InvalidRequestError(wrong, details={"errors": [{"parameter": "since", "detail": "lies behind until"}]})
    return answer(UsageView.of(desk.service.ledger.usage(caller.tenant, since, until), since, until))
