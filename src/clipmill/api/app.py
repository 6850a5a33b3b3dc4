"""The app: its layers from the outside in, and its routes."""

from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.cors import CORSMiddleware

from clipmill import __version__
from clipmill.api import document, problems
from clipmill.api.desk import Desk
from clipmill.api.hub import Hub
from clipmill.api.meters import Meters
from clipmill.api.options import ApiOptions
from clipmill.api.passage import Passage
from clipmill.api.rates import Rates
from clipmill.api.routes import (
    compat,
    events,
    functions,
    health,
    jobs,
    media,
    metrics,
    objects,
    results,
    uploads,
    usage,
    webhooks,
)

if TYPE_CHECKING:
    from clipmill.jobs.dispatch import Service

ROUTERS = (
    functions.router,
    jobs.router,
    events.router,
    results.router,
    uploads.router,
    objects.router,
    media.router,
    usage.router,
    webhooks.router,
    compat.router,
    health.router,
)

_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")
_SENT = (
    "Authorization",
    "X-API-Key",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "Prefer",
    "Range",
)
_SHOWN = ("Location", "ETag", "Retry-After", "X-Request-ID", "Preference-Applied", "Content-Range", "Accept-Ranges")


def create_app(service: "Service", options: ApiOptions | None = None) -> FastAPI:
    """The HTTP face of a service, which is started and stopped by whoever made it."""
    chosen = options or ApiOptions()
    meters = Meters(service.ledger)
    app = routes_only()
    hub = Hub(service.ledger, chosen, meters)
    app.state.desk = Desk(service, chosen, hub, Rates(service.limits.requests_per_minute), meters)
    if chosen.metrics:
        app.include_router(metrics.router)
    if chosen.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=chosen.origins,
            allow_methods=_METHODS,
            allow_headers=_SENT,
            expose_headers=_SHOWN,
        )
    app.add_middleware(Passage, meters=meters)
    return app


def routes_only() -> FastAPI:
    """The routes, the form of their errors, and the document that tells of both."""
    app = FastAPI(
        title="clipmill",
        version=__version__,
        summary="Video functions as jobs.",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_name,
    )
    for router in ROUTERS:
        app.include_router(router)
    problems.install(app)
    document.install(app)
    return app


def _name(route: APIRoute) -> str:
    """What a call is named in OpenAPI, and so in the clients that are made from it."""
    return route.name
