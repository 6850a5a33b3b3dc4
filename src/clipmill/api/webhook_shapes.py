"""What the API takes and answers about webhooks, as models.

Convention: a secret is in the answer to the call that made it and nowhere else.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from clipmill.api.shapes import Time
from clipmill.jobs.ledger.endpoints import Endpoint
from clipmill.jobs.ledger.kinds import DeliveryState
from clipmill.jobs.ledger.webhooks import Tried
from clipmill.storage.redact import redact

ENDPOINT_ID = r"ep_[0-9a-f]{32}"
DELIVERY_ID = r"del_[0-9a-f]{32}"


class MessageKind(StrEnum):
    """What a message tells; a ping goes to an endpoint whatever it chose."""

    SUCCEEDED = "job.succeeded"
    FAILED = "job.failed"
    CANCELLED = "job.cancelled"
    EXPIRED = "job.expired"


Kinds = Annotated[
    list[Annotated[MessageKind, Field(strict=False)]], Field(max_length=len(MessageKind), description="none means all")
]


class EndpointBody(BaseModel):
    """An address that is to be told how jobs end."""

    model_config = ConfigDict(extra="forbid", strict=True)

    address: str = Field(min_length=1, max_length=2000, description="https, public, without query and credentials")
    kinds: Kinds = []


class EndpointChange(BaseModel):
    """What of an endpoint can be other than it was; for another address make another endpoint."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kinds: Kinds
    enabled: bool = Field(description="false gives up what waits; an answer of 410 does the same")


class EndpointView(BaseModel):
    """An endpoint; ``secrets`` counts those that sign, two while they rotate."""

    id: str = Field(pattern=f"^{ENDPOINT_ID}$")
    address: str
    kinds: list[str]
    enabled: bool
    secrets: int
    created_at: Time

    @classmethod
    def of(cls, endpoint: Endpoint) -> Self:
        shown = {"address": redact(endpoint.address), "secrets": len(endpoint.secrets)}
        return cls.model_validate(vars(endpoint) | shown)


class EndpointWithSecret(EndpointView):
    """An endpoint with its newest secret, which is shown this once."""

    secret: str = Field(pattern="^whsec_")

    @classmethod
    def of(cls, endpoint: Endpoint) -> Self:
        return cls(**EndpointView.of(endpoint).model_dump(), secret=endpoint.secrets[0])


class EndpointList(BaseModel):
    """All endpoints of a tenant, oldest first."""

    endpoints: list[EndpointView]


class DeliveryView(BaseModel):
    """How far a message came on its way to an address; ``next_at`` is null when it is not sent again."""

    id: str = Field(pattern=f"^{DELIVERY_ID}$")
    message_id: str
    kind: str
    job_id: str | None
    endpoint_id: str | None
    address: str
    state: DeliveryState
    tries: int
    next_at: Time | None
    last_status: int | None
    last_error: str | None

    @classmethod
    def of(cls, tried: Tried) -> Self:
        next_at: datetime | None = tried.next_at if tried.state is DeliveryState.WAITING else None
        return cls.model_validate(vars(tried) | {"address": redact(tried.address), "next_at": next_at})


class DeliveryList(BaseModel):
    """Deliveries, those of the newest messages first."""

    deliveries: list[DeliveryView]


class Sent(BaseModel):
    """A message on its way."""

    message_id: str
