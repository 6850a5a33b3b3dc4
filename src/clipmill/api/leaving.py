"""Waiting that ends when the caller goes."""

from collections.abc import Awaitable, Callable

import anyio
from starlette.types import Receive

_GONE = frozenset({"http.disconnect", "websocket.disconnect"})


async def while_there(receive: Receive, work: Callable[[], Awaitable[None]]) -> None:
    """Do the work until it is done, or stop it when the caller goes. What the caller still sends is dropped."""

    async def until_gone() -> None:
        while (await receive())["type"] not in _GONE:
            pass
        both.cancel_scope.cancel()

    async with anyio.create_task_group() as both:
        both.start_soon(until_gone)
        await work()
        both.cancel_scope.cancel()
