"""What a deployment decides, read from the environment in this module only.

| Variable | Meaning | Default |
|---|---|---|
| `CLIPMILL_STORE` | URL of the store, or a folder | `./clipmill-data` |
| `CLIPMILL_SCRATCH` | folder for scratch files; on the disk of a local store, outputs need no copy | the system's folder for temporary files |
| `CLIPMILL_THREADS` | cores that one call keeps busy | all cores, at most 4 |
| `CLIPMILL_MEMORY_GB` | memory of one call, in GiB | what the function needs |
| `CLIPMILL_TIMEOUT_S` | longest time of one attempt, in seconds | 21600, six hours: cores are slower than the machines that functions ask for |
| `CLIPMILL_CACHE_GB` | size of the step cache, in GiB; 0 keeps nothing | 20 |
| `CLIPMILL_RUNNER` | where jobs run: `auto`, `local`, `modal`, `runpod` or `prefect` | `auto` |
| `MODAL_ENABLED` | whether `auto` may take Modal: `true` or `false` | where an access token is in `MODAL_TOKEN_ID` |
| `CLIPMILL_MODAL_APP` | name of the app on Modal | `clipmill-video` |
| `CLIPMILL_MODAL_ENVIRONMENT` | environment of the app on Modal | the workspace's own |
| `CLIPMILL_MODAL_SECRETS` | names of Modal's secrets that the functions get, comma separated | `r2-credentials` |
| `CLIPMILL_MODAL_MAX_CONTAINERS` | containers of one function at a time | 10 |
| `CLIPMILL_MODAL_BUFFER_CONTAINERS` | idle containers of one function held ready while it is busy | 0 |
| `CLIPMILL_MODAL_SCALEDOWN_S` | how long an idle container waits for the next call, in seconds | 60 |
| `CLIPMILL_SHARED_PREFIXES` | read-only key prefixes without a tenant, comma separated | none |
| `CLIPMILL_TENANT` | whose objects a job means that names no tenant | the root of the store, `local` in the service |
| `CLIPMILL_DATABASE` | URL of the service's database: `sqlite:///path` or `postgresql://user@host/name` | `sqlite:///clipmill-data/ledger.db` |
| `CLIPMILL_HOST` | the address that the service listens on; any but this machine's own needs an API key | `127.0.0.1` |
| `CLIPMILL_PORT` | the port that the service listens on; 0 takes a free one | 8400 |
| `CLIPMILL_DRAIN_S` | how long jobs under way may go on once the service is told to stop, in seconds | 20 |
| `CLIPMILL_METRICS` | whether the service answers `/metrics`: `on` or `off` | `off` |
| `CLIPMILL_ORIGINS` | pages of other sites that a browser lets in, comma separated | none |
| `CLIPMILL_WEBHOOK_HTTP` | whether webhooks may go over plain http: `on` or `off` | `off` |
| `CLIPMILL_WEBHOOK_PRIVATE` | whether webhooks may go to private addresses: `on` or `off` | `off` |
| `CLIPMILL_WEBHOOK_SECRETS` | secrets that sign what goes to the address of a single job, newest first, comma separated | none |
| `CLIPMILL_RUNNING_JOBS` | jobs of one tenant that run at a time | 16 |
| `CLIPMILL_QUEUED_JOBS` | jobs of one tenant that may wait | 1000 |
| `CLIPMILL_REQUESTS_PER_MINUTE` | calls of one key, in a minute | 600 |
| `CLIPMILL_BODY_MB` | size of a call's body, in MiB; uploads do not count | 2 |
| `CLIPMILL_CLIPS` | clips of one job | 500 |
| `CLIPMILL_KEYFRAMES` | keyframes of one clip | 10000 |
| `CLIPMILL_INPUT_GB` | size of an upload, in GiB | 64 |
| `CLIPMILL_DURATION_S` | length of a source and of an output, in seconds | 21600, six hours |
| `CLIPMILL_MEGAPIXELS` | pixels of a source's and an output's picture, in millions | 35.4 |
| `CLIPMILL_FRAME_RATE` | frames per second of a source and of an output | 240 |
| `CLIPMILL_KEEP_JOBS_DAYS` | how long jobs are kept from their end, in days; 1 at least | 30 |
| `CLIPMILL_KEEP_EVENTS_DAYS` | how long what was told of a job is kept from its end, in days | 7 |
| `CLIPMILL_KEEP_MESSAGES_DAYS` | how long webhook messages are kept, in days | 7 |
| `CLIPMILL_URL` | where the client and `clipmill jobs` find a service | `http://127.0.0.1:8400` |
| `CLIPMILL_API_KEY` | the key that they show it | none |
| `CLIPMILL_GPU` | class of this machine's graphics card: `none`, `small`, `medium` or `large` | `none` |
| `CLIPMILL_PRICES` | what a second costs, as `runner.class=USD`, comma separated; it goes over the published prices | the published ones |
| `CLIPMILL_OCR_ENGINE` | what reads text where a request names no engine: `rapidocr`, `tesseract` or `google-vision` | `rapidocr` |
| `GOOGLE_APPLICATION_CREDENTIALS_JSON` | the key of a Google Cloud account as JSON text, for `google-vision` | none |
| `RUNPOD_API_KEY` | key of a RunPod account | none |
| `RUNPOD_ENDPOINT_ID` | the endpoint there that runs jobs, or one for each class of card: `small=abc,medium=def` | none |
| `RUNPOD_ENDPOINT_BASE_URL` | where RunPod answers | `https://api.runpod.ai/v2` |
| `PREFECT_API_URL` | the interface of a Prefect server, such as `http://host:4200/api` | none |
| `PREFECT_API_AUTH_STRING` | `name:password` that the server asks for | none |
| `PREFECT_API_KEY` | key of a Prefect Cloud account | none |
| `CLIPMILL_PREFECT_POOL` | the work pool there that runs jobs | `clipmill` |
| `CLIPMILL_PREFECT_LIMITS` | runs at a time by class of graphics card, as `class=number`, comma separated; a class without one has no limit | `small=1,medium=1,large=1` |

The store's credentials have the names that their makers gave them; the storage layer picks them out.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import urlsplit

from clipmill.errors import InvalidKeyError, InvalidRequestError
from clipmill.function.needs import Gpu
from clipmill.jobs.limits import GIB, Limits
from clipmill.jobs.machine import Machine
from clipmill.jobs.prices import Prices
from clipmill.storage.keys import validate_key, validate_tenant
from clipmill.storage.redact import redact
from clipmill.storage.store import Store

if TYPE_CHECKING:
    # The commands that have no service must not wait for its database.
    from clipmill.jobs.dispatch.limits import ServiceLimits
    from clipmill.jobs.ledger.retention import Retention
    from clipmill.jobs.webhooks.policy import Policy

T = TypeVar("T")

MIB = 1024**2

_MOST_THREADS_BY_DEFAULT = 4
_SECRETS = frozenset(
    {
        "api_key",
        "RUNPOD_API_KEY",
        "CLIPMILL_API_KEY",
        "CLIPMILL_WEBHOOK_SECRETS",
        "PREFECT_API_AUTH_STRING",
        "PREFECT_API_KEY",
    }
)
_MOST_DAYS = 36_500
SIX_HOURS_S = 6 * 3600.0
DATABASE = "sqlite:///clipmill-data/ledger.db"
RUNPOD = "https://api.runpod.ai/v2"
SERVICE_TENANT = "local"
"""Whose jobs a service has that nobody gave a tenant: the root of a store belongs to no one caller."""


class RunnerChoice(StrEnum):
    """Where jobs run; ``auto`` takes the first platform that is set up and answers, else this machine."""

    AUTO = "auto"
    LOCAL = "local"
    MODAL = "modal"
    RUNPOD = "runpod"
    PREFECT = "prefect"


@dataclass(frozen=True)
class ModalSettings:
    """The app on Modal; ``enabled`` says whether `RunnerChoice.AUTO` may take it."""

    enabled: bool = False
    app: str = "clipmill-video"
    environment: str | None = None
    secrets: tuple[str, ...] = ("r2-credentials",)
    max_containers: int = 10
    buffer_containers: int = 0
    scaledown_s: int = 60


@dataclass(frozen=True)
class PrefectSettings:
    """The server of one's own machines; ``limits`` says how many runs of a class of card there are at a time."""

    url: str = ""
    auth: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    pool: str = "clipmill"
    limits: Mapping[Gpu, int] = field(default_factory=lambda: dict.fromkeys((Gpu.SMALL, Gpu.MEDIUM, Gpu.LARGE), 1))


@dataclass(frozen=True)
class Bounds:
    """How much the service lets one tenant ask, in the units of the variables."""

    running_jobs: int = 16
    queued_jobs: int = 1000
    requests_per_minute: int = 600
    body_mb: float = 2.0
    clips: int = 500
    keyframes: int = 10_000
    input_gb: float = 64.0
    duration_s: float = SIX_HOURS_S
    megapixels: float = 35.4
    frame_rate: int = 240


@dataclass(frozen=True)
class Kept:
    """For how many days the service remembers what is over."""

    jobs_days: float = 30.0
    events_days: float = 7.0
    messages_days: float = 7.0


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
            modal=ModalSettings(
                enabled=read("MODAL_ENABLED", _yes_or_no, bool(given.get("MODAL_TOKEN_ID"))),
                app=read("CLIPMILL_MODAL_APP", str, "clipmill-video"),
                environment=read("CLIPMILL_MODAL_ENVIRONMENT", str, None),
                secrets=read("CLIPMILL_MODAL_SECRETS", _words, ("r2-credentials",)),
                max_containers=read("CLIPMILL_MODAL_MAX_CONTAINERS", _count, 10),
                buffer_containers=read("CLIPMILL_MODAL_BUFFER_CONTAINERS", _none_or_more, 0),
                scaledown_s=read("CLIPMILL_MODAL_SCALEDOWN_S", _count, 60),
            ),
            shared_prefixes=read("CLIPMILL_SHARED_PREFIXES", _prefixes, ()),
            tenant=read("CLIPMILL_TENANT", validate_tenant, ""),
            database=read("CLIPMILL_DATABASE", str, DATABASE),
            host=read("CLIPMILL_HOST", str, "127.0.0.1"),
            port=read("CLIPMILL_PORT", _port, 8400),
            drain_s=read("CLIPMILL_DRAIN_S", _not_negative, 20.0),
            metrics=read("CLIPMILL_METRICS", _switch, False),
            origins=read("CLIPMILL_ORIGINS", _origins, ()),
            webhook_http=read("CLIPMILL_WEBHOOK_HTTP", _switch, False),
            webhook_private=read("CLIPMILL_WEBHOOK_PRIVATE", _switch, False),
            webhook_secrets=read("CLIPMILL_WEBHOOK_SECRETS", _words, ()),
            bounds=Bounds(
                running_jobs=read("CLIPMILL_RUNNING_JOBS", _count, 16),
                queued_jobs=read("CLIPMILL_QUEUED_JOBS", _count, 1000),
                requests_per_minute=read("CLIPMILL_REQUESTS_PER_MINUTE", _count, 600),
                body_mb=read("CLIPMILL_BODY_MB", _above_zero, 2.0),
                clips=read("CLIPMILL_CLIPS", _count, 500),
                keyframes=read("CLIPMILL_KEYFRAMES", _count, 10_000),
                input_gb=read("CLIPMILL_INPUT_GB", _above_zero, 64.0),
                duration_s=read("CLIPMILL_DURATION_S", _above_zero, SIX_HOURS_S),
                megapixels=read("CLIPMILL_MEGAPIXELS", _above_zero, 35.4),
                frame_rate=read("CLIPMILL_FRAME_RATE", _count, 240),
            ),
            kept=Kept(
                jobs_days=read("CLIPMILL_KEEP_JOBS_DAYS", _a_day_or_more, 30.0),
                events_days=read("CLIPMILL_KEEP_EVENTS_DAYS", _days, 7.0),
                messages_days=read("CLIPMILL_KEEP_MESSAGES_DAYS", _days, 7.0),
            ),
            url=read("CLIPMILL_URL", _service_url, "http://127.0.0.1:8400"),
            api_key=read("CLIPMILL_API_KEY", _key, ""),
            gpu=read("CLIPMILL_GPU", Gpu, Gpu.NONE),
            prices=read("CLIPMILL_PRICES", Prices.parse, Prices()),
            runpod_key=read("RUNPOD_API_KEY", _key, ""),
            runpod_endpoints=read("RUNPOD_ENDPOINT_ID", _endpoints, {}),
            runpod_url=read("RUNPOD_ENDPOINT_BASE_URL", _service_url, RUNPOD),
            prefect=PrefectSettings(
                url=read("PREFECT_API_URL", _service_url, ""),
                auth=read("PREFECT_API_AUTH_STRING", str, ""),
                key=read("PREFECT_API_KEY", _key, ""),
                pool=read("CLIPMILL_PREFECT_POOL", _pool, "clipmill"),
                limits=read("CLIPMILL_PREFECT_LIMITS", _limits, PrefectSettings().limits),
            ),
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
        from clipmill.jobs.dispatch.limits import ServiceLimits

        bounds = self.bounds
        return ServiceLimits(
            body_bytes=int(bounds.body_mb * MIB),
            clips=bounds.clips,
            keyframes=bounds.keyframes,
            input_bytes=int(bounds.input_gb * GIB),
            duration_s=int(bounds.duration_s),
            pixels=round(bounds.megapixels * 1_000_000),
            frame_rate=bounds.frame_rate,
            running_jobs=bounds.running_jobs,
            queued_jobs=bounds.queued_jobs,
            requests_per_minute=bounds.requests_per_minute,
        )

    @property
    def retention(self) -> "Retention":
        """How long the service remembers what is over."""
        from clipmill.jobs.ledger.retention import Retention

        return Retention(
            jobs=timedelta(days=self.kept.jobs_days),
            events=timedelta(days=self.kept.events_days),
            messages=timedelta(days=self.kept.messages_days),
        )

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
        where = self.url if url is None else _parsed("url", url, _service_url)
        return where, self.api_key if api_key is None else _parsed("api_key", api_key, _key)

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


def _service_url(text: str) -> str:
    """Where a service is, without a slash at the end.

    >>> _service_url("https://clips.example.com/video/")
    'https://clips.example.com/video'
    """
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("expected the address of a service, such as https://clips.example.com")
    if parts.username is not None or parts.password is not None:
        raise ValueError("expected an address without a name or password in it; the key goes into CLIPMILL_API_KEY")
    return text.rstrip("/")


def _parsed(name: str, text: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(text)
    except (ValueError, InvalidKeyError) as fault:
        got = "" if name in _SECRETS else f"; got {redact(text)!r:.200}"
        raise InvalidRequestError(f"{name}: {fault}{got}", details={"field": name}) from None


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError("expected a whole number from 1")
    return int(text)


def _none_or_more(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError("expected a whole number from 0")
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


def _days(text: str) -> float:
    value = _not_negative(text)
    if value > _MOST_DAYS:
        raise ValueError(f"expected up to {_MOST_DAYS} days")
    return value


def _a_day_or_more(text: str) -> float:
    value = _days(text)
    if value < 1:
        raise ValueError("expected a day or more: an idempotency key is good for so long")
    return value


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise ValueError("expected a port, 0 to 65535")
    return int(text)


def _switch(text: str) -> bool:
    if text not in {"on", "off"}:
        raise ValueError("expected on or off")
    return text == "on"


def _yes_or_no(text: str) -> bool:
    # Editors that know the name write it in their own ways.
    if text.lower() not in {"true", "false", "1", "0"}:
        raise ValueError("expected true or false")
    return text.lower() in {"true", "1"}


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _origins(text: str) -> tuple[str, ...]:
    """Origins as browsers send them.

    >>> _origins("https://editor.example.com, http://localhost:5173")
    ('https://editor.example.com', 'http://localhost:5173')
    """
    for origin in _words(text):
        parts = urlsplit(origin)
        if origin != f"{parts.scheme}://{parts.netloc}" or not parts.netloc:
            raise ValueError("expected origins such as https://editor.example.com, without a path")
    return _words(text)


def _key(text: str) -> str:
    # It becomes a header, where a line break would begin another one.
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise ValueError("expected a key as `clipmill keys create` shows it")
    return text


def _endpoints(text: str) -> Mapping[Gpu, str]:
    """Endpoints by class of card; one without a class takes everything.

    >>> _endpoints("abc123")[Gpu.NONE], _endpoints("none=cpu1, small=gpu1")[Gpu.SMALL]
    ('abc123', 'gpu1')
    """
    found: dict[Gpu, str] = {}
    for word in _words(text):
        name, sign, endpoint = word.rpartition("=")
        if not endpoint.isalnum():
            raise ValueError("expected the id of an endpoint, or class=id for each class, such as small=abc,medium=def")
        found |= {Gpu(name): endpoint} if sign else dict.fromkeys(Gpu, endpoint)
    return found


def _pool(text: str) -> str:
    # It becomes part of an address.
    if not (text.isascii() and text.replace("-", "").replace("_", "").isalnum()):
        raise ValueError("expected a name of letters, digits, - and _")
    return text


def _limits(text: str) -> Mapping[Gpu, int]:
    """Numbers by class of card.

    >>> _limits("small=2, large=1")[Gpu.SMALL]
    2
    """
    found: dict[Gpu, int] = {}
    for word in _words(text):
        name, sign, number = word.partition("=")
        if not sign:
            raise ValueError("expected class=number for each class, such as small=2,medium=1")
        found[Gpu(name)] = _count(number)
    return found


def _prefixes(text: str) -> tuple[str, ...]:
    """Each with its slash at the end.

    >>> _prefixes("games/, test")
    ('games/', 'test/')
    """
    parts = [part.strip().rstrip("/") for part in text.split(",") if part.strip()]
    return tuple(validate_key(part, "prefix") + "/" for part in parts)
