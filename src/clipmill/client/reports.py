"""What a service offers, and what was used of it."""

from datetime import datetime
from typing import Any

from clipmill.client.calls import Call
from clipmill.client.patience import Patience, answered
from clipmill.client.steps import Steps


def functions(patience: Patience) -> Steps[list[dict[str, Any]]]:
    """The functions and workflows on offer."""
    reply = yield from answered(patience, Call("GET", "/v1/functions"))
    return reply.json()["functions"]


def usage(patience: Patience, since: datetime | None, until: datetime | None) -> Steps[dict[str, Any]]:
    """What was used."""
    times = {"since": since, "until": until}
    query = {name: time.astimezone().isoformat() for name, time in times.items() if time is not None}
    reply = yield from answered(patience, Call("GET", "/v1/usage", query))
    return reply.json()
