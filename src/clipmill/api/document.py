"""The OpenAPI document of the app; ``python -m clipmill.api`` prints it."""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from clipmill.api.problems import MEDIA_TYPE, Problem
from clipmill.api.shapes import JobBody
from clipmill.api.upload_shapes import CompletionBody, UploadBody
from clipmill.api.webhook_shapes import EndpointBody, EndpointChange

BODIES = (JobBody, EndpointBody, EndpointChange, UploadBody, CompletionBody)
"""Models of bodies that are read by `bodies.body_of`, which FastAPI does not see."""
_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "cm_..."},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
_OPEN = frozenset({"/healthz", "/readyz"})


def install(app: FastAPI) -> None:
    """Let the app answer /openapi.json with this document."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = document_of(app)
        return app.openapi_schema

    app.openapi = described


def document_of(app: FastAPI) -> dict[str, Any]:
    """What FastAPI knows, with our bodies, our errors and our keys."""
    told = get_openapi(
        title=app.title, version=app.version, summary=app.summary, routes=app.routes, openapi_version="3.1.0"
    )
    _, bodies = models_json_schema(
        [(model, "validation") for model in BODIES], ref_template="#/components/schemas/{model}"
    )
    schemas = told.setdefault("components", {}).setdefault("schemas", {})
    schemas |= bodies["$defs"] | {"Problem": schemas.get("Problem", Problem.model_json_schema())}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    told["components"]["securitySchemes"] = _SCHEMES
    for path, methods in told["paths"].items():
        for operation in methods.values():
            _settle(path, operation)
    return told


def text(app: FastAPI) -> str:
    """The document as it is checked in."""
    return json.dumps(app.openapi(), indent=1, sort_keys=True) + "\n"


def _settle(path: str, operation: dict[str, Any]) -> None:
    if path not in _OPEN:
        operation["security"] = [{name: []} for name in _SCHEMES]
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, told in operation["responses"].items():
        if int(status) >= 400:
            told["content"] = problem
