"""Webhooks: endpoints and their secrets, what became of messages, replays and pings."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from clipmill.api.access import Allowed, Caller
from clipmill.api.answers import answer, problems
from clipmill.api.bodies import body_of, described
from clipmill.api.desk import Here
from clipmill.api.problems import in_body
from clipmill.api.webhook_shapes import (
    DELIVERY_ID,
    ENDPOINT_ID,
    DeliveryList,
    DeliveryView,
    EndpointBody,
    EndpointChange,
    EndpointList,
    EndpointView,
    EndpointWithSecret,
    Sent,
)
from clipmill.errors import InvalidRequestError, NotFoundError
from clipmill.jobs.scopes import Scope
from clipmill.jobs.webhooks.endpoints import Endpoints

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])

WebhooksUser = Annotated[Caller, Depends(Allowed(Scope.WEBHOOKS))]
NewEndpoint = Annotated[EndpointBody, Depends(body_of(EndpointBody))]
ChangedEndpoint = Annotated[EndpointChange, Depends(body_of(EndpointChange))]


async def endpoint_id_of(
    endpoint_id: Annotated[str, Path(json_schema_extra={"pattern": f"^{ENDPOINT_ID}$"})],
) -> str:
    """The id in the path; what can be no id stands for nothing."""
    if not re.fullmatch(ENDPOINT_ID, endpoint_id):
        raise NotFoundError(f"there is no webhook endpoint {endpoint_id!r:.140}. Check the id, and whose key asks.")
    return endpoint_id


async def delivery_id_of(
    delivery_id: Annotated[str, Path(json_schema_extra={"pattern": f"^{DELIVERY_ID}$"})],
) -> str:
    """The id in the path; what can be no id stands for nothing."""
    if not re.fullmatch(DELIVERY_ID, delivery_id):
        raise NotFoundError(f"there is no delivery {delivery_id!r:.140}. Check the id, and whose key asks.")
    return delivery_id


async def endpoints_of(desk: Here) -> Endpoints:
    """The endpoints of the service that is being called."""
    return Endpoints(desk.service.ledger, desk.options.webhooks)


EndpointId = Annotated[str, Depends(endpoint_id_of)]
DeliveryId = Annotated[str, Depends(delivery_id_of)]
Known = Annotated[Endpoints, Depends(endpoints_of)]


class Newest(BaseModel):
    """How many deliveries are wanted."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=100)


@router.post(
    "/endpoints",
    status_code=201,
    responses=problems(413, 415, 422),
    response_model=EndpointWithSecret,
    openapi_extra=described(EndpointBody),
)
def create_endpoint(caller: WebhooksUser, endpoints: Known, body: NewEndpoint) -> Response:
    """Have messages sent to an address. The secret that signs them is in this answer and is not shown again."""
    try:
        made = endpoints.add(caller.tenant, body.address, body.kinds)
    except InvalidRequestError as fault:
        raise in_body(fault) from None
    return answer(EndpointWithSecret.of(made), 201, {"Location": f"/v1/webhooks/endpoints/{made.id}"})


@router.get("/endpoints", responses=problems(), response_model=EndpointList)
def list_endpoints(caller: WebhooksUser, endpoints: Known) -> Response:
    """List the endpoints, oldest first."""
    return answer(EndpointList(endpoints=[EndpointView.of(each) for each in endpoints.all(caller.tenant)]))


@router.get("/endpoints/{endpoint_id}", responses=problems(404), response_model=EndpointView)
def get_endpoint(caller: WebhooksUser, endpoints: Known, endpoint_id: EndpointId) -> Response:
    """Tell of one endpoint."""
    return answer(EndpointView.of(endpoints.find(caller.tenant, endpoint_id)))


@router.put(
    "/endpoints/{endpoint_id}",
    responses=problems(404, 413, 415, 422),
    response_model=EndpointView,
    openapi_extra=described(EndpointChange),
)
def update_endpoint(caller: WebhooksUser, endpoints: Known, endpoint_id: EndpointId, body: ChangedEndpoint) -> Response:
    """Choose which messages an endpoint gets, or none for a while."""
    changed = endpoints.change(caller.tenant, endpoint_id, body.kinds, enabled=body.enabled)
    return answer(EndpointView.of(changed))


@router.delete("/endpoints/{endpoint_id}", status_code=204, responses=problems(404))
def delete_endpoint(caller: WebhooksUser, endpoints: Known, endpoint_id: EndpointId) -> Response:
    """Send nothing more to an endpoint, and forget its secrets."""
    endpoints.remove(caller.tenant, endpoint_id)
    return Response(status_code=204)


@router.post("/endpoints/{endpoint_id}:rotate", responses=problems(404), response_model=EndpointWithSecret)
def rotate_secret(caller: WebhooksUser, endpoints: Known, endpoint_id: EndpointId) -> Response:
    """Make a new secret. Messages are signed with the last one too, until it is retired or the next rotation."""
    return answer(EndpointWithSecret.of(endpoints.rotate(caller.tenant, endpoint_id)))


@router.post("/endpoints/{endpoint_id}:retire", responses=problems(404), response_model=EndpointView)
def retire_secret(caller: WebhooksUser, endpoints: Known, endpoint_id: EndpointId) -> Response:
    """Sign with the newest secret only, once every receiver has it."""
    return answer(EndpointView.of(endpoints.retire(caller.tenant, endpoint_id)))


@router.post("/endpoints/{endpoint_id}:ping", status_code=202, responses=problems(404), response_model=Sent)
def ping_endpoint(caller: WebhooksUser, endpoints: Known, endpoint_id: EndpointId) -> Response:
    """Send a message to try an endpoint with; deliveries tell what became of it."""
    return answer(Sent(message_id=endpoints.ping(caller.tenant, endpoint_id)), 202)


@router.get("/deliveries", responses=problems(422), response_model=DeliveryList)
def list_deliveries(caller: WebhooksUser, desk: Here, newest: Annotated[Newest, Query()]) -> Response:
    """Tell what became of the newest messages."""
    found = desk.service.ledger.webhooks.deliveries(caller.tenant, newest.limit)
    return answer(DeliveryList(deliveries=[DeliveryView.of(each) for each in found]))


@router.post("/deliveries/{delivery_id}:replay", status_code=204, responses=problems(404))
def replay_delivery(caller: WebhooksUser, desk: Here, delivery_id: DeliveryId) -> Response:
    """Send a message again under its id, with all tries anew, even to an endpoint that is disabled."""
    desk.service.ledger.webhooks.replay(caller.tenant, delivery_id)
    return Response(status_code=204)
