"""What the routes of one app share, and how a route comes by it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from clipmill.api.hub import Hub
from clipmill.api.meters import Meters
from clipmill.api.options import ApiOptions
from clipmill.api.rates import Rates

if TYPE_CHECKING:
    from clipmill.jobs.dispatch import Service


@dataclass(frozen=True)
class Desk:
    """The service behind the app, and what the app itself keeps."""

    service: "Service"
    options: ApiOptions
    hub: Hub
    rates: Rates
    meters: Meters


async def desk_of(connection: HTTPConnection) -> Desk:
    """The desk of the app that is being called."""
    return cast("Desk", connection.app.state.desk)


Here = Annotated[Desk, Depends(desk_of)]
