"""All that a deployment decides."""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from clipmill.function.needs import Gpu
from clipmill.jobs.limits import GIB, Limits
from clipmill.jobs.machine import Machine
from clipmill.jobs.prices import Prices
from clipmill.settings import values
from clipmill.settings.bounds import SIX_HOURS_S, Bounds, Kept
from clipmill.settings.platforms import ModalSettings, PrefectSettings, RunnerChoice
from clipmill.settings.variables import Variables, parsed
from clipmill.storage.keys import validate_tenant
from clipmill.storage.store import Store

if TYPE_CHECKING:
    # The commands that have no service must not wait for its database.
    from clipmill.jobs.dispatch.limits import ServiceLimits
    from clipmill.jobs.ledger.retention import Retention
    from clipmill.jobs.webhooks.policy import Policy

_MOST_THREADS_BY_DEFAULT = 4
DATABASE = "sqlite:///clipmill-data/ledger.db"
RUNPOD = "https://api.runpod.ai/v2"
SERVICE_TENANT = "local"
"""Whose jobs a service has that nobody gave a tenant: the root of a store belongs to no one caller."""


@dataclass(frozen=True)
class Settings:
    """The decisions of a deployment; ``environment`` and what else holds secrets is never shown."""

    store: str = "./clipmill-data"
    scratch_root: Path = field(default_factory=lambda: Path(tempfile.gettempdir()))
    threads: int = 1
    memory_gb: float | None = None
    timeout_s: float = SIX_HOURS_S
    cache_gb: float = 20.0
    runner: RunnerChoice = RunnerChoice.AUTO
    modal: ModalSettings = field(default_factory=ModalSettings)
    shared_prefixes: tuple[str, ...] = ()
    tenant: str = ""
    database: str = field(default=DATABASE, repr=False)
    host: str = "127.0.0.1"
    port: int = 8400
    drain_s: float = 20.0
    metrics: bool = False
    origins: tuple[str, ...] = ()
    webhook_http: bool = False
    webhook_private: bool = False
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    bounds: Bounds = field(default_factory=Bounds)
    kept: Kept = field(default_factory=Kept)
    url: str = "http://127.0.0.1:8400"
    api_key: str = field(default="", repr=False)
    gpu: Gpu = Gpu.NONE
    prices: Prices = field(default_factory=Prices)
    runpod_key: str = field(default="", repr=False)
    runpod_endpoints: Mapping[Gpu, str] = field(default_factory=dict[Gpu, str])
    runpod_url: str = RUNPOD
    prefect: PrefectSettings = field(default_factory=PrefectSettings)
    environment: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the table of this package; a value that cannot be meant is an error that names its variable."""
        given = dict(os.environ if environment is None else environment)
        variables = Variables(given)
        read = variables.read
        return cls(
            store=read("CLIPMILL_STORE", str, cls.store),
            scratch_root=read("CLIPMILL_SCRATCH", Path, Path(tempfile.gettempdir())),
            threads=read("CLIPMILL_THREADS", values.count, min(cores(), _MOST_THREADS_BY_DEFAULT)),
            memory_gb=read("CLIPMILL_MEMORY_GB", values.above_zero, cls.memory_gb),
            timeout_s=read("CLIPMILL_TIMEOUT_S", values.above_zero, cls.timeout_s),
            cache_gb=read("CLIPMILL_CACHE_GB", values.not_negative, cls.cache_gb),
            runner=read("CLIPMILL_RUNNER", RunnerChoice, cls.runner),
            modal=ModalSettings.of(variables),
            shared_prefixes=read("CLIPMILL_SHARED_PREFIXES", values.prefixes, cls.shared_prefixes),
            tenant=read("CLIPMILL_TENANT", validate_tenant, cls.tenant),
            database=read("CLIPMILL_DATABASE", str, cls.database),
            host=read("CLIPMILL_HOST", str, cls.host),
            port=read("CLIPMILL_PORT", values.port, cls.port),
            drain_s=read("CLIPMILL_DRAIN_S", values.not_negative, cls.drain_s),
            metrics=read("CLIPMILL_METRICS", values.switch, cls.metrics),
            origins=read("CLIPMILL_ORIGINS", values.origins, cls.origins),
            webhook_http=read("CLIPMILL_WEBHOOK_HTTP", values.switch, cls.webhook_http),
            webhook_private=read("CLIPMILL_WEBHOOK_PRIVATE", values.switch, cls.webhook_private),
            webhook_secrets=read("CLIPMILL_WEBHOOK_SECRETS", values.words, cls.webhook_secrets),
            bounds=Bounds.of(variables),
            kept=Kept.of(variables),
            url=read("CLIPMILL_URL", values.service_url, cls.url),
            api_key=read("CLIPMILL_API_KEY", values.key, cls.api_key),
            gpu=read("CLIPMILL_GPU", Gpu, cls.gpu),
            prices=read("CLIPMILL_PRICES", Prices.parse, Prices()),
            runpod_key=read("RUNPOD_API_KEY", values.key, cls.runpod_key),
            runpod_endpoints=read("RUNPOD_ENDPOINT_ID", values.endpoints, {}),
            runpod_url=read("RUNPOD_ENDPOINT_BASE_URL", values.service_url, cls.runpod_url),
            prefect=PrefectSettings.of(variables),
            environment=given,
        )

    @property
    def limits(self) -> Limits:
        """The bounds of one attempt."""
        memory_bytes = None if self.memory_gb is None else int(self.memory_gb * GIB)
        return Limits(time_s=self.timeout_s, memory_bytes=memory_bytes)

    @property
    def service_limits(self) -> "ServiceLimits":
        """The bounds of the service."""
        return self.bounds.limits

    @property
    def retention(self) -> "Retention":
        """How long the service remembers what is over."""
        return self.kept.retention

    @property
    def webhook_policy(self) -> "Policy":
        """Where webhooks may go."""
        from clipmill.jobs.webhooks.policy import Policy

        return Policy(self.webhook_http, self.webhook_private, self.webhook_secrets)

    @property
    def is_shared(self) -> bool:
        """Whether other machines see what lies in the store.

        >>> [Settings(store=url).is_shared for url in ("./data", "file:///data", "memory://", "s3://bucket")]
        [False, False, False, True]
        """
        return urlsplit(self.store).scheme not in {"", "file", "memory"}

    def serving(
        self, data: Path | None, store: str | None = None, host: str | None = None, port: int | None = None
    ) -> Self:
        """The settings with what a command line says over them; ``data`` is a folder for the database and the store."""
        return replace(
            self,
            database=self.database if data is None else f"sqlite:///{data.absolute()}/ledger.db",
            store=store or (self.store if data is None else str(data)),
            host=host or self.host,
            port=self.port if port is None else port,
        )

    def calling(self, url: str | None, api_key: str | None) -> tuple[str, str]:
        """Where a client finds a service and the key that it shows there, as given or else as the settings say."""
        where = self.url if url is None else parsed("url", url, values.service_url)
        return where, self.api_key if api_key is None else parsed("api_key", api_key, values.key)

    @property
    def service_tenant(self) -> str:
        """Whose jobs the service has while it has no keys."""
        return self.tenant or SERVICE_TENANT

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
            gpu=self.gpu,
            prices=self.prices,
        )


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
