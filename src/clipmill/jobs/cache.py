"""Steps that are rendered once: outputs under the digest of everything that decides their pixels.

An entry lies at ``{tenant}/cache/{aa}/{digest}/``: the output, and ``result.json``, written last and deleted
first. An entry without it, or with an output of another size, is no entry.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from fractions import Fraction
from typing import Any

from clipmill.errors import SourceMissingError
from clipmill.media.time import exact
from clipmill.storage.keys import full_key
from clipmill.storage.store import ObjectInfo, Store

_ROOT = "cache"
_OUTPUT = "output.mp4"
_MARK = "result.json"


def cache_key(version: str, inputs: Sequence[str], parameters: Mapping[str, Any]) -> str:
    """The digest of a step: version of its function, identities of its inputs, canonical parameters.

    Numbers count by their exact value (1, 1.0 and Fraction(1) are one), never as text ("1" is another).

    >>> cache_key("1", ["a"], {"fps": 30}) == cache_key("1", ["a"], {"fps": 30.0})
    True
    """
    whole = {"version": version, "inputs": list(inputs), "parameters": parameters}
    text = json.dumps(_canonical(whole), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: Any) -> Any:
    match value:
        case None | bool():
            return value
        case Enum():
            return _canonical(value.value)
        case str():
            return f"text:{value}"
        case int() | float() | Fraction():
            number = exact(value, "parameters")
            return f"{number.numerator}/{number.denominator}"
        case Mapping():
            return {str(name): _canonical(part) for name, part in value.items()}
        case list() | tuple():
            return [_canonical(part) for part in value]
        case _:
            raise TypeError(f"{type(value).__name__} has no canonical form; give plain values")


def is_step(key: str) -> bool:
    """Whether a key, as a request names it, lies in the cache.

    >>> is_step("cache/ab/ab12/output.mp4"), is_step("out/reel.mp4")
    (True, False)
    """
    return key.startswith(f"{_ROOT}/")


class StepCache:
    """Finished steps of one tenant."""

    def __init__(self, store: Store, tenant: str) -> None:
        self._store = store
        self._tenant = tenant

    def object_key(self, key: str) -> str:
        """The key, as a request names it, under which a step publishes its output."""
        return f"{_ROOT}/{key[:2]}/{key}/{_OUTPUT}"

    def find(self, key: str) -> dict[str, Any] | None:
        """The result of a finished step whose output is still there; None means: render it."""
        try:
            entry = json.loads(self._store.get_bytes(self._mark(key)))
            size = self._store.head(self._output(key)).size
        except (SourceMissingError, ValueError):
            return None
        whole = isinstance(entry, dict) and entry.get("size") == size and isinstance(entry.get("result"), dict)
        return entry["result"] if whole else None

    def commit(self, key: str, result: Mapping[str, Any]) -> None:
        """Make a published output an entry; `SourceMissingError` if it is not there."""
        size = self._store.head(self._output(key)).size
        entry = json.dumps({"size": size, "result": dict(result)}).encode()
        self._store.put_bytes(self._mark(key), entry, "application/json")

    def prune(self, max_bytes: int, max_age: timedelta, now: datetime | None = None) -> int:
        """Delete entries that are too old, then the oldest until the rest fits; return the bytes freed.

        Outputs without a mark may be steps that are just being finished: they go by age only.
        """
        oldest_kept = (now or datetime.now(UTC)) - max_age
        entries = sorted(self._entries(), key=_age)
        total = sum(_size(entry) for entry in entries)
        freed = 0
        for entry in entries:
            finished = any(part.key.endswith(f"/{_MARK}") for part in entry)
            if _age(entry) < oldest_kept or (finished and total - freed > max_bytes):
                self._delete(entry)
                freed += _size(entry)
        return freed

    def _entries(self) -> list[list[ObjectInfo]]:
        found: defaultdict[str, list[ObjectInfo]] = defaultdict(list)
        for info in self._store.list(full_key(self._tenant, _ROOT) + "/"):
            found[info.key.rpartition("/")[0]].append(info)
        return list(found.values())

    def _delete(self, entry: Sequence[ObjectInfo]) -> None:
        for part in sorted(entry, key=lambda part: not part.key.endswith(f"/{_MARK}")):
            self._store.delete(part.key)

    def _output(self, key: str) -> str:
        return full_key(self._tenant, self.object_key(key))

    def _mark(self, key: str) -> str:
        return full_key(self._tenant, f"{_ROOT}/{key[:2]}/{key}/{_MARK}")


def _age(entry: Sequence[ObjectInfo]) -> datetime:
    return max(part.modified for part in entry)


def _size(entry: Sequence[ObjectInfo]) -> int:
    return sum(part.size for part in entry)
