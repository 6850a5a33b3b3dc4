"""What a deployment decides, read from the environment in this module only.

| Variable | Meaning | Default |
|---|---|---|
| `CLIPMILL_STORE` | URL of the store, or a folder | `./clipmill-data` |
| `CLIPMILL_SCRATCH` | folder for scratch files; on the disk of a local store, outputs need no copy | the system's folder for temporary files |
| `CLIPMILL_THREADS` | cores that one call keeps busy | all cores, at most 4 |
| `CLIPMILL_MEMORY_GB` | memory of one call, in GiB | what the function needs |
| `CLIPMILL_TIMEOUT_S` | longest time of one attempt, in seconds | 21600, six hours: cores are slower than the machines that functions ask for |
| `CLIPMILL_CACHE_GB` | size of the step cache, in GiB; 0 keeps nothing | 20 |
| `CLIPMILL_RUNNER` | where jobs run: `auto` or `local` | `auto` |
| `CLIPMILL_SHARED_PREFIXES` | read-only key prefixes without a tenant, comma separated | none |
| `CLIPMILL_TENANT` | whose objects a job means that names no tenant | the root of the store |

The store's credentials have the names that their makers gave them; the storage layer picks them out.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self, TypeVar

from clipmill.errors import InvalidKeyError, InvalidRequestError
from clipmill.jobs.limits import GIB, Limits
from clipmill.jobs.machine import Machine
from clipmill.storage.keys import validate_key, validate_tenant
from clipmill.storage.store import Store

T = TypeVar("T")

_MOST_THREADS_BY_DEFAULT = 4
SIX_HOURS_S = 6 * 3600.0


class RunnerChoice(StrEnum):
    """Where jobs run; ``auto`` takes the first runner that is set up."""

    AUTO = "auto"
    LOCAL = "local"


@dataclass(frozen=True)
class Settings:
    """The decisions of a deployment; ``environment`` holds secrets and is never shown."""

    store: str = "./clipmill-data"
    scratch_root: Path = field(default_factory=lambda: Path(tempfile.gettempdir()))
    threads: int = 1
    memory_gb: float | None = None
    timeout_s: float = SIX_HOURS_S
    cache_gb: float = 20.0
    runner: RunnerChoice = RunnerChoice.AUTO
    shared_prefixes: tuple[str, ...] = ()
    tenant: str = ""
    environment: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the table above; a value that cannot be meant is an error that names its variable."""
        given = dict(os.environ if environment is None else environment)

        def read(name: str, parse: Callable[[str], T], default: T) -> T:
            text = given.get(name, "").strip()
            return _parsed(name, text, parse) if text else default

        return cls(
            store=read("CLIPMILL_STORE", str, "./clipmill-data"),
            scratch_root=read("CLIPMILL_SCRATCH", Path, Path(tempfile.gettempdir())),
            threads=read("CLIPMILL_THREADS", _count, min(cores(), _MOST_THREADS_BY_DEFAULT)),
            memory_gb=read("CLIPMILL_MEMORY_GB", _above_zero, None),
            timeout_s=read("CLIPMILL_TIMEOUT_S", _above_zero, SIX_HOURS_S),
            cache_gb=read("CLIPMILL_CACHE_GB", _not_negative, 20.0),
            runner=read("CLIPMILL_RUNNER", RunnerChoice, RunnerChoice.AUTO),
            shared_prefixes=read("CLIPMILL_SHARED_PREFIXES", _prefixes, ()),
            tenant=read("CLIPMILL_TENANT", validate_tenant, ""),
            environment=given,
        )

    @property
    def limits(self) -> Limits:
        """The bounds of one attempt."""
        memory_bytes = None if self.memory_gb is None else int(self.memory_gb * GIB)
        return Limits(time_s=self.timeout_s, memory_bytes=memory_bytes)

    def machine(self, store: Store, catalogue: Mapping[str, str]) -> Machine:
        """What jobs find on this machine, with an open store and the functions it offers."""
        return Machine(
            store=store,
            catalogue=catalogue,
            scratch_root=self.scratch_root,
            threads=self.threads,
            limits=self.limits,
            shared_prefixes=self.shared_prefixes,
            environment=self.environment,
        )


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _parsed(name: str, text: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(text)
    except (ValueError, InvalidKeyError) as fault:
        raise InvalidRequestError(f"{name}: {fault}; got {text!r:.200}", details={"field": name}) from None


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError("expected a whole number from 1")
    return int(text)


def _not_negative(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError("expected a number") from None
    if not 0 <= value < float("inf"):
        raise ValueError("expected a number from 0")
    return value


def _above_zero(text: str) -> float:
    value = _not_negative(text)
    if value == 0:
        raise ValueError("expected a number above 0")
    return value


def _prefixes(text: str) -> tuple[str, ...]:
    """Each with its slash at the end.

    >>> _prefixes("games/, test")
    ('games/', 'test/')
    """
    parts = [part.strip().rstrip("/") for part in text.split(",") if part.strip()]
    return tuple(validate_key(part, "prefix") + "/" for part in parts)
