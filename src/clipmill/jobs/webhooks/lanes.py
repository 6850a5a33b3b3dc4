"""What a sender carries: messages out of the outbox, signed, and plain callbacks of single jobs."""

import json
from collections.abc import Sequence
from typing import Any, Protocol

from clipmill.errors import ClipmillError
from clipmill.jobs.ledger.callbacks import Call, Callbacks
from clipmill.jobs.ledger.moments import Clock
from clipmill.jobs.ledger.outbox import Delivery, Outbox
from clipmill.jobs.webhooks.addresses import parse_target
from clipmill.jobs.webhooks.post import GONE, Letter, Post, arrived, refusal
from clipmill.jobs.webhooks.signing import signed

MESSAGE_WITHIN_S = 15.0
CALLBACK_WITHIN_S = 5.0


class Lane(Protocol):
    """Things of one kind that are to be sent."""

    def claim(self, limit: int) -> Sequence[Any]:
        """What is due, for this sender only."""
        ...

    async def send(self, item: Any) -> int:
        """The status that was answered."""
        ...

    def settle(self, item: Any, answer: int | ClipmillError) -> bool:
        """Write down what became of it; whether something else became due by that."""
        ...


class Messages(Lane):
    """Standard Webhooks to endpoints and to the addresses of single jobs."""

    def __init__(self, outbox: Outbox, post: Post, clock: Clock) -> None:
        self._outbox = outbox
        self._post = post
        self._clock = clock

    def claim(self, limit: int) -> Sequence[Delivery]:
        return self._outbox.claim(limit)

    async def send(self, item: Delivery) -> int:
        if item.endpoint_id is not None and not item.secrets:
            return GONE  # it was removed while the message was written
        policy = self._post.policy
        target = parse_target(item.address, policy)
        body = json.dumps(item.payload, separators=(",", ":")).encode()
        at_s = int(self._clock().timestamp())
        headers = signed(item.message_id, at_s, body, item.secrets or policy.secrets)
        return await self._post.send(target, Letter(body, headers), MESSAGE_WITHIN_S)

    def settle(self, item: Delivery, answer: int | ClipmillError) -> bool:
        if isinstance(answer, ClipmillError):
            self._outbox.nack(item, f"{answer.code}: {answer.message}")
        elif arrived(answer):
            self._outbox.ack(item, answer)
        elif answer == GONE:
            self._outbox.gone(item, answer)
        else:
            self._outbox.nack(item, refusal(answer), answer)
        return False


class Calls(Lane):
    """Plain callbacks; the deployment's secrets sign them as they sign messages."""

    def __init__(self, callbacks: Callbacks, post: Post, clock: Clock) -> None:
        self._callbacks = callbacks
        self._post = post
        self._clock = clock

    def claim(self, limit: int) -> Sequence[Call]:
        return self._callbacks.claim(limit)

    async def send(self, item: Call) -> int:
        policy = self._post.policy
        target = parse_target(item.address, policy).below(item.step.value)
        body = json.dumps(item.body).encode()
        headers = signed(item.message_id, int(self._clock().timestamp()), body, policy.secrets)
        return await self._post.send(target, Letter(body, headers), CALLBACK_WITHIN_S)

    def settle(self, item: Call, answer: int | ClipmillError) -> bool:
        return self._callbacks.settle(item, arrived=not isinstance(answer, ClipmillError) and arrived(answer))
