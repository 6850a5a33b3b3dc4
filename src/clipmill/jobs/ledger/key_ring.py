"""The API keys of a deployment: issued, verified, revoked."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine, func, insert, literal, select, update

from clipmill.errors import NotFoundError
from clipmill.jobs.ledger.api_keys import ApiKey, digest_of, mint, name_in
from clipmill.jobs.ledger.database import reading, writing
from clipmill.jobs.ledger.moments import Clock, Moment
from clipmill.jobs.ledger.tables import api_keys


class KeyRing:
    """Holds the digests of keys, never a key."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def issue(
        self, tenant: str, name: str, scopes: Sequence[str], expires_at: datetime | None = None
    ) -> tuple[str, ApiKey]:
        """A new key and what is kept of it. The key itself is told here and never again."""
        text = mint()
        key_id = name_in(text)
        assert key_id is not None
        key = ApiKey(key_id, tenant, name, digest_of(text), list(scopes), self._clock(), expires_at)
        with writing(self._engine) as connection:
            connection.execute(insert(api_keys).values(**vars(key)))
        return text, key

    def verify(self, text: str) -> ApiKey | None:
        """The key that a caller showed, if it is good."""
        key_id = name_in(text)
        if key_id is None:
            return None
        with reading(self._engine) as connection:
            row = connection.execute(select(api_keys).where(api_keys.c.id == key_id)).mappings().one_or_none()
        key = None if row is None else ApiKey(**row)
        return key if key is not None and key.is_good(text, self._clock()) else None

    def revoke(self, tenant: str, key_id: str) -> None:
        """Nothing opens with the key from now on; a key revoked before keeps its time."""
        whose = (api_keys.c.id == key_id, api_keys.c.tenant == tenant)
        since = func.coalesce(api_keys.c.revoked_at, literal(self._clock(), Moment))
        with writing(self._engine) as connection:
            if not connection.execute(update(api_keys).where(*whose).values(revoked_at=since)).rowcount:
                raise NotFoundError(f"there is no key {key_id!r:.140}. Check the id, and whose key asks.")

    def all(self, tenant: str) -> list[ApiKey]:
        """The keys of a tenant, oldest first, revoked ones too."""
        query = select(api_keys).where(api_keys.c.tenant == tenant).order_by(api_keys.c.created_at, api_keys.c.id)
        with reading(self._engine) as connection:
            return [ApiKey(**row) for row in connection.execute(query).mappings()]

    def tenants(self) -> list[str]:
        """Everyone who was ever given a key."""
        with reading(self._engine) as connection:
            return list(connection.execute(select(api_keys.c.tenant).distinct()).scalars())

    def any(self) -> bool:
        """Whether this deployment has any key at all."""
        with reading(self._engine) as connection:
            return connection.execute(select(api_keys.c.id).limit(1)).first() is not None
