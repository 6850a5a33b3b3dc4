"""Who calls, for which tenant, and what they may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends
from starlette.requests import HTTPConnection

from clipmill.api.desk import Desk, Here
from clipmill.api.visit import visit_of
from clipmill.errors import AccessDeniedError, UnauthorizedError
from clipmill.jobs.scopes import Scope

_ALL = frozenset(Scope)


@dataclass(frozen=True)
class Caller:
    """Everything that a call reads and writes is this tenant's. ``key_id`` is None where no key is configured."""

    tenant: str
    key_id: str | None
    scopes: frozenset[str]


class Allowed:
    """A caller whose key is good for a scope, counted against its rate."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __call__(self, connection: HTTPConnection, desk: Here) -> Caller:
        caller = _caller(connection, desk)
        visit = visit_of(connection)
        visit.tenant, visit.key_id = caller.tenant, caller.key_id
        desk.rates.take(caller.key_id or "")
        if self._scope not in caller.scopes:
            raise AccessDeniedError(f"this key is not good for {self._scope}. Use one that was issued with that scope.")
        return caller


JobsReader = Annotated[Caller, Depends(Allowed(Scope.JOBS_READ))]
JobsWriter = Annotated[Caller, Depends(Allowed(Scope.JOBS_WRITE))]
UsageReader = Annotated[Caller, Depends(Allowed(Scope.USAGE_READ))]
MetricsReader = Annotated[Caller, Depends(Allowed(Scope.METRICS))]


def _caller(connection: HTTPConnection, desk: Desk) -> Caller:
    shown = _shown(connection.headers)
    if shown is None:
        return _without_key(connection, desk)
    key = desk.service.ledger.keys.verify(shown)
    if key is None:
        raise UnauthorizedError("this API key is unknown, revoked or expired. Use one of this deployment.")
    return Caller(key.tenant, key.id, frozenset(key.scopes))


def _shown(headers: Mapping[str, str]) -> str | None:
    """The key in the headers of a call; two different ones are none."""
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    keys = {bearer.strip() if scheme.lower() == "bearer" else scheme and "?", headers.get("x-api-key", "")} - {""}
    if len(keys) > 1:
        raise UnauthorizedError("two different API keys were sent. Send one of them.")
    return keys.pop() if keys else None


def _without_key(connection: HTTPConnection, desk: Desk) -> Caller:
    """Without any key in the deployment whoever sits at this machine is its one tenant; nobody else is."""
    if desk.service.ledger.keys.any():
        raise UnauthorizedError("an API key is needed. Send it as `Authorization: Bearer cm_...` or as X-API-Key.")
    if not _is_local(connection, desk.options.origins):
        raise UnauthorizedError(
            "no API key is configured, so only this machine is served. Make one with `clipmill keys`, then send it."
        )
    return Caller(desk.options.tenant, None, _ALL)


def _is_local(connection: HTTPConnection, origins: tuple[str, ...]) -> bool:
    """Whether a call comes from this machine, and no page of another site had a browser send it."""
    origin = connection.headers.get("origin")
    named = urlsplit(f"//{connection.headers.get('host', '')}").hostname
    near = connection.client is None or _is_loopback(connection.client.host)
    welcome = origin is None or origin in origins or _is_loopback(urlsplit(origin).hostname)
    return near and _is_loopback(named) and welcome


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False
