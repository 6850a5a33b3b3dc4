"""Uploads in parts: begun, resumed, and made one object in the end.

All that is known of an upload lies in the store, under ``{tenant}/temp/{upload id}/``: what was announced, and one object for each
part that is there. So an upload outlives every process, and parts may come from anyone who holds a link to their place.

Convention: parts are numbered from 1; all are ``part_bytes`` long but the last, which has the rest.
"""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from clipmill.errors import ConflictError, InvalidRequestError, NotFoundError, SourceMissingError
from clipmill.storage.incoming import join_objects
from clipmill.storage.keys import full_key, temp_prefix
from clipmill.storage.store import ObjectInfo, Store

MIB = 1024 * 1024
LEAST_PART_BYTES = 5 * MIB
MOST_PART_BYTES = 5 * 1024 * MIB
USUAL_PART_BYTES = 64 * MIB
MOST_PARTS = 10_000
KEPT = timedelta(hours=24)

_ID = re.compile(r"upl_([0-9a-f]{12})[0-9a-f]{20}")
_PART = re.compile(r"part-(\d{5})")
_ANNOUNCED = "upload.json"
_SHOWN = 20


@dataclass(frozen=True)
class Upload:
    """What was announced: ``key`` is the caller's, the object will have ``size`` bytes."""

    id: str
    key: str
    size: int
    content_type: str
    part_bytes: int

    @property
    def parts(self) -> int:
        """How many parts it takes; an empty object takes an empty one."""
        return max(1, -(-self.size // self.part_bytes))

    @property
    def expires_at(self) -> datetime:
        return begun_at(self.id) + KEPT

    def part_size(self, number: int) -> int:
        """The bytes of a part.

        >>> [Upload("", "a", 12, "", 5).part_size(number) for number in (1, 2, 3)]
        [5, 5, 2]
        """
        return min(self.part_bytes, self.size - (number - 1) * self.part_bytes)


def part_bytes_for(size: int, wanted: int | None) -> int:
    """The size of parts that an upload gets; too many or too few bytes in one are refused."""
    chosen = wanted or max(USUAL_PART_BYTES, -(-size // MOST_PARTS))
    if not LEAST_PART_BYTES <= chosen <= MOST_PART_BYTES:
        raise InvalidRequestError(
            f"part_size: expected {LEAST_PART_BYTES} to {MOST_PART_BYTES} bytes, got {chosen}. Leave it out if in doubt."
        )
    if size > chosen * MOST_PARTS:
        raise InvalidRequestError(
            f"part_size: {size} bytes would take more than {MOST_PARTS} parts of {chosen}. Send larger parts."
        )
    return chosen


class Uploads:
    """The uploads of all tenants in a store. Times are of this machine's clock."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, tenant: str, announced: Mapping[str, object]) -> Upload:
        """Write down what will come; ``announced`` has every field of `Upload` but the id."""
        upload = Upload(id=_new_id(datetime.now(UTC)), **announced)  # pyright: ignore[reportArgumentType]
        self._store.put_bytes(_place(tenant, upload.id, _ANNOUNCED), json.dumps(asdict(upload)).encode())
        return upload

    def find(self, tenant: str, upload_id: str) -> Upload:
        """The upload; `NotFoundError` if there is none, or no longer."""
        try:
            known = bool(_ID.fullmatch(upload_id)) and begun_at(upload_id) + KEPT >= datetime.now(UTC)
            announced = json.loads(self._store.get_bytes(_place(tenant, upload_id, _ANNOUNCED))) if known else {}
            return Upload(**announced)
        except (SourceMissingError, TypeError, ValueError):
            raise NotFoundError(
                f"there is no upload {upload_id!r:.80}: never begun, completed, aborted or expired. Begin a new one."
            ) from None

    def part_key(self, tenant: str, upload: Upload, number: int) -> str:
        """Where a part lies."""
        if not 1 <= number <= upload.parts:
            raise NotFoundError(f"upload {upload.id} has the parts 1 to {upload.parts}, no {number}.")
        return _place(tenant, upload.id, f"part-{number:05d}")

    def received(self, tenant: str, upload: Upload) -> dict[int, ObjectInfo]:
        """The parts that are there, by number."""
        place = temp_prefix(tenant, upload.id)
        found = ((_PART.fullmatch(info.key.removeprefix(place)), info) for info in self._store.list(place))
        return {int(name[1]): info for name, info in sorted(found, key=lambda pair: pair[1].key) if name}

    def complete(self, tenant: str, upload: Upload, key: str) -> ObjectInfo:
        """Make the parts the object under the full key ``key``, then delete them; a part that is not right stops it."""
        received = self.received(tenant, upload)
        _check_parts(upload, received)
        info = join_objects(self._store, received.values(), key, upload.content_type)
        self.abort(tenant, upload.id)
        return info

    def abort(self, tenant: str, upload_id: str) -> None:
        """Leave nothing of an upload; what was announced goes last, so that a fault in between can be mended."""
        place = temp_prefix(tenant, upload_id)
        for info in sorted(self._store.list(place), key=lambda each: each.key):
            self._store.delete(info.key)

    def sweep(self, tenant: str, now: datetime) -> int:
        """Delete what is left of uploads whose time is over, and say how many objects that were."""
        place = full_key(tenant, "temp") + "/"
        gone = 0
        for info in list(self._store.list(place)):
            upload_id = info.key.removeprefix(place).partition("/")[0]
            if _ID.fullmatch(upload_id) and begun_at(upload_id) + KEPT < now:
                self._store.delete(info.key)
                gone += 1
        return gone


def begun_at(upload_id: str) -> datetime:
    """When an upload was begun, as its id tells."""
    match = _ID.fullmatch(upload_id)
    assert match is not None
    return datetime.fromtimestamp(min(int(match[1], 16), _LATEST_MS) / 1000, UTC)


_LATEST_MS = int(datetime(9000, 1, 1, tzinfo=UTC).timestamp() * 1000)


def _check_parts(upload: Upload, received: Mapping[int, ObjectInfo]) -> None:
    """Every part there, with the size it must have."""
    missing = [number for number in range(1, upload.parts + 1) if number not in received]
    if missing:
        raise ConflictError(
            f"{len(missing)} of {upload.parts} parts are missing: {_shown(missing)}. Send them, then complete again.",
            details={"missing": missing[:_SHOWN]},
        )
    wrong = [number for number, info in received.items() if info.size != upload.part_size(number)]
    if wrong:
        first = wrong[0]
        raise ConflictError(
            f"parts of a wrong size: {_shown(wrong)}. Part {first} must have {upload.part_size(first)} bytes, it has "
            f"{received[first].size}. Send them again.",
            details={"wrong": wrong[:_SHOWN]},
        )


def _shown(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:_SHOWN])) + (" and more" if len(numbers) > _SHOWN else "")


def _place(tenant: str, upload_id: str, name: str) -> str:
    return temp_prefix(tenant, upload_id) + name


def _new_id(now: datetime) -> str:
    return f"upl_{int(now.timestamp() * 1000):012x}{secrets.token_hex(10)}"
