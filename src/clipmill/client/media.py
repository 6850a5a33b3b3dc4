"""Media of a service, looked at without downloading them."""

from collections.abc import Sequence
from typing import Any

from clipmill.client.calls import Call
from clipmill.client.patience import Patience, answered
from clipmill.client.steps import Steps

_DRAW_S = 60.0


def probe(patience: Patience, key: str) -> Steps[dict[str, Any]]:
    """What a media file is."""
    reply = yield from answered(patience, Call("GET", "/v1/media/probe", {"key": key}, within_s=_DRAW_S))
    return reply.json()


def frame(patience: Patience, key: str, time_s: float, crop: Sequence[float] | None) -> Steps[bytes]:
    """One frame as a picture."""
    query = {"key": key, "t": str(time_s)} | ({"crop": ",".join(map(str, crop))} if crop else {})
    reply = yield from answered(patience, Call("GET", "/v1/media/frame", query, within_s=_DRAW_S))
    return reply.body
