"""Object keys: what is valid, whose they are, and where temporary objects lie.

Convention: a *key* is what a request names; a *full key* is what a store sees, ``{tenant}/{key}``.
Only `full_key` and the functions on top of it build full keys.
"""

import re
from collections.abc import Iterable

from clipmill.errors import InvalidKeyError

MAX_KEY_BYTES = 1024

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\]")
_JOB_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


def validate_key(key: str, what: str = "key") -> str:
    """Return the key unchanged, or say what is wrong with it.

    >>> validate_key("raw/match 1.mp4")
    'raw/match 1.mp4'
    >>> validate_key("raw/../x.mp4")
    Traceback (most recent call last):
    clipmill.errors.InvalidKeyError: key 'raw/../x.mp4' has a part '..'. Use 1 to 1024 bytes, ...
    """
    fault = _fault(key)
    if fault:
        raise InvalidKeyError(
            f"{what} {key!r:.200} {fault}. Use 1 to {MAX_KEY_BYTES} bytes, parts joined by single '/', "
            "without control characters or backslashes."
        )
    return key


def validate_tenant(tenant: str, *, root_allowed: bool = False) -> str:
    """Return the tenant unchanged; the empty one, the bucket root, is for deployments that set it."""
    if tenant == "":
        if root_allowed:
            return tenant
        raise InvalidKeyError("tenant '' would mean the root of the bucket, which this deployment does not allow.")
    return validate_key(tenant, "tenant")


def validate_job_id(job_id: str) -> str:
    """Return the job id unchanged, or say what is wrong with it."""
    if not _JOB_ID.fullmatch(job_id) or job_id in {".", ".."}:
        raise InvalidKeyError(f"job_id {job_id!r:.200} is not 1 to 128 characters out of A-Z a-z 0-9 . _ -")
    return job_id


def full_key(tenant: str, key: str, shared_prefixes: Iterable[str] = ()) -> str:
    """The key under which a store keeps a tenant's object; a shared key takes no tenant.

    >>> full_key("team/7", "raw/a.mp4", ["games/"])
    'team/7/raw/a.mp4'
    >>> full_key("team/7", "games/a.mp4", ["games/"])
    'games/a.mp4'
    """
    validate_key(key)
    validate_tenant(tenant, root_allowed=True)
    if tenant == "" or _is_shared(key, shared_prefixes):
        return key
    return validate_key(f"{tenant}/{key}", "full key")


def output_key(tenant: str, key: str, shared_prefixes: Iterable[str] = ()) -> str:
    """The full key of an object to be written; shared prefixes are read-only, under whatever tenant."""
    prefixes = tuple(shared_prefixes)
    full = full_key(tenant, key, prefixes)
    if _is_shared(full, prefixes):
        raise InvalidKeyError(
            f"output key {key!r:.200} lies under a shared prefix, which is read-only. Choose a key outside of "
            + ", ".join(map(repr, prefixes))
        )
    return full


def temp_prefix(tenant: str, job_id: str) -> str:
    """Where a job's temporary objects lie, with the slash at its end.

    >>> temp_prefix("team", "job_1") + "source_0.mp4"
    'team/temp/job_1/source_0.mp4'
    """
    return full_key(tenant, f"temp/{validate_job_id(job_id)}") + "/"


def _is_shared(key: str, shared_prefixes: Iterable[str]) -> bool:
    return any(key.startswith(prefix.rstrip("/") + "/") for prefix in shared_prefixes)


def _fault(key: str) -> str | None:
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        return "is not valid Unicode"
    if not 1 <= size <= MAX_KEY_BYTES:
        return f"is {size} bytes long"
    if forbidden := _FORBIDDEN.search(key):
        return f"contains {forbidden.group()!r}"
    parts = key.split("/")
    if parts[0] == "" or parts[-1] == "":
        return "begins or ends with '/'"
    wrong = next((part for part in parts if part in {"", ".", ".."}), None)
    return None if wrong is None else f"has a part {wrong!r}"
