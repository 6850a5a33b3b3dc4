"""What the service counts about itself."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from clipmill.api.access import MetricsReader
from clipmill.api.desk import Here

router = APIRouter(tags=["health"])


@router.get("/metrics", include_in_schema=False)
def metrics(caller: MetricsReader, desk: Here) -> Response:
    """Tell jobs by state, calls by route and status, and events sent, of all tenants together."""
    del caller
    return Response(desk.meters.text(), media_type=CONTENT_TYPE_LATEST)
