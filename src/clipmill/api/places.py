"""Where the objects of a caller lie: the one way from a key in a call to a full key of the store."""

from typing import Annotated

from fastapi import Depends

from clipmill.api.access import Allowed, Caller
from clipmill.api.desk import Desk
from clipmill.jobs.scopes import Scope
from clipmill.storage.keys import full_key, output_key

ObjectsReader = Annotated[Caller, Depends(Allowed(Scope.OBJECTS_READ))]
ObjectsWriter = Annotated[Caller, Depends(Allowed(Scope.OBJECTS_WRITE))]


def readable(desk: Desk, caller: Caller, key: str) -> str:
    """The full key of what a caller may read: their own, and what is shared."""
    return full_key(caller.tenant, key, desk.service.machine.shared_prefixes)


def writable(desk: Desk, caller: Caller, key: str) -> str:
    """The full key of what a caller may write; shared prefixes are read-only."""
    return output_key(caller.tenant, key, desk.service.machine.shared_prefixes)
