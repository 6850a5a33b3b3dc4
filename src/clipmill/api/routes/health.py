"""Whether the service lives, and whether it can take jobs."""

from typing import Any

from fastapi import APIRouter

from clipmill.api.answers import problems
from clipmill.api.desk import Here
from clipmill.api.shapes import Health
from clipmill.errors import StorageUnavailableError

router = APIRouter(tags=["health"])
_NOT_READY: dict[int | str, dict[str, Any]] = {503: problems(503)[503]}


@router.get("/healthz")
async def live() -> Health:
    """Answer as long as the process does."""
    return Health(status="ok")


@router.get("/readyz", responses=_NOT_READY)
def ready(desk: Here) -> Health:
    """Answer 200 while jobs are taken and carried out, else 503."""
    if not desk.service.ready:
        raise StorageUnavailableError(
            "jobs are not being carried out: the service starts, stops, or has lost its ledger."
        )
    return Health(status="ready")
