"""Work that several calls ask for at the same time, and that is to be done once."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

T = TypeVar("T")


@dataclass
class Together:
    """What is under way in one app; it lives in the event loop."""

    _under_way: dict[Hashable, asyncio.Task[Any]] = field(default_factory=dict[Hashable, "asyncio.Task[Any]"])

    async def once(self, what: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        """What the work makes; whoever asks for the same while it lasts gets the same, and it goes on if all have gone."""
        task = self._under_way.get(what)
        if task is None:
            task = self._under_way[what] = asyncio.ensure_future(work())  # pyright: ignore[reportArgumentType]
            task.add_done_callback(lambda _: self._under_way.pop(what))
        return await asyncio.shield(task)


async def together_of(connection: HTTPConnection) -> Together:
    """The work under way in the app that is being called."""
    state = connection.app.state
    if not hasattr(state, "together"):
        state.together = Together()
    return cast("Together", state.together)


Shared = Annotated[Together, Depends(together_of)]
