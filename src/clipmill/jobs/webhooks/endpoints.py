"""A tenant's endpoints, from the first secret to the last.

Convention: an endpoint without secrets was removed; its row stays, since messages were sent under it.
"""

from collections.abc import Sequence

from clipmill.errors import LimitExceededError, NotFoundError
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.endpoints import Endpoint
from clipmill.jobs.webhooks.addresses import parse_target
from clipmill.jobs.webhooks.policy import Policy
from clipmill.jobs.webhooks.signing import new_secret

MOST_ENDPOINTS = 20


class Endpoints:
    """Every method takes the tenant that asks; what belongs to another one is not there."""

    def __init__(self, ledger: Ledger, policy: Policy) -> None:
        self._ledger = ledger
        self._policy = policy

    def add(self, tenant: str, address: str, kinds: Sequence[str] = ()) -> Endpoint:
        """A new endpoint, for messages of these kinds or of all."""
        parse_target(address, self._policy)
        if len(self.all(tenant)) >= MOST_ENDPOINTS:
            raise LimitExceededError(f"{MOST_ENDPOINTS} webhook endpoints are the most. Delete one that is not needed.")
        endpoint = self._ledger.webhooks.add(tenant, address, [new_secret()])
        return self._ledger.webhooks.change(tenant, endpoint.id, kinds=kinds) if kinds else endpoint

    def all(self, tenant: str) -> list[Endpoint]:
        """Oldest first."""
        return [endpoint for endpoint in self._ledger.webhooks.all(tenant) if endpoint.secrets]

    def find(self, tenant: str, endpoint_id: str) -> Endpoint:
        """The endpoint, or `NotFoundError`."""
        for endpoint in self.all(tenant):
            if endpoint.id == endpoint_id:
                return endpoint
        raise NotFoundError(f"there is no webhook endpoint {endpoint_id!r:.140}. Check the id, and whose key asks.")

    def change(self, tenant: str, endpoint_id: str, kinds: Sequence[str], *, enabled: bool) -> Endpoint:
        """Choose the kinds of messages, none for all, and whether any are sent."""
        known = self.find(tenant, endpoint_id)
        if known.enabled and not enabled:
            self._ledger.webhooks.disable(tenant, endpoint_id)
        elif enabled and not known.enabled:
            self._ledger.webhooks.enable(tenant, endpoint_id)
        return self._ledger.webhooks.change(tenant, endpoint_id, kinds=kinds)

    def rotate(self, tenant: str, endpoint_id: str) -> Endpoint:
        """Sign with a new secret, and with the last one too until it is retired or the next rotation."""
        known = self.find(tenant, endpoint_id)
        return self._ledger.webhooks.change(tenant, endpoint_id, secrets=[new_secret(), known.secrets[0]])

    def retire(self, tenant: str, endpoint_id: str) -> Endpoint:
        """Sign with the newest secret only."""
        known = self.find(tenant, endpoint_id)
        return self._ledger.webhooks.change(tenant, endpoint_id, secrets=known.secrets[:1])

    def remove(self, tenant: str, endpoint_id: str) -> None:
        """Send nothing more there, and forget its secrets."""
        self.find(tenant, endpoint_id)
        self._ledger.webhooks.disable(tenant, endpoint_id)
        self._ledger.webhooks.change(tenant, endpoint_id, secrets=[])

    def ping(self, tenant: str, endpoint_id: str) -> str:
        """Send a message to try the endpoint with, even a disabled one; its id is returned."""
        return self._ledger.webhooks.ping(tenant, self.find(tenant, endpoint_id).id)
