"""A store from its URL: a folder, this process's memory, or a bucket."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from obstore.store import AzureStore, GCSStore, MemoryStore, S3Store

from clipmill.errors import InvalidRequestError
from clipmill.storage.credentials import Environment, azure_access, google_access, s3_access
from clipmill.storage.faults import os_faults, settings_faults
from clipmill.storage.folder import FolderStore
from clipmill.storage.objects import Backend, Clients, ObjectStore
from clipmill.storage.retry import RetryPolicy
from clipmill.storage.store import Store

if TYPE_CHECKING:
    # Names of obstore's type stubs; they do not exist at run time.
    from obstore.store import AzureConfig, ClientConfig, GCSConfig, RetryConfig, S3Config

Connect = Callable[["ClientConfig", "RetryConfig"], Backend]


@dataclass(frozen=True)
class Patience:
    """How long a request may take: to connect, a read without a byte of its answer, and any request in all."""

    connect_s: float = 10
    silence_s: float = 30
    request_s: float = 300


def open_store(
    url: str, environment: Environment, retry: RetryPolicy | None = None, patience: Patience | None = None
) -> Store:
    """The store a URL names, with the credentials that ``environment`` holds; nothing is fetched yet.

    A path or ``file:///path``, ``memory://``, ``s3://bucket?endpoint=...&region=auto``, ``gs://bucket``,
    ``az://container``; a path behind a bucket keeps all objects below it. ``s3://`` alone takes the bucket from
    ``R2_BUCKET_NAME`` or ``WASABI_BUCKET``.
    """
    parts = urlsplit(url)
    if "://" not in url and parts.scheme != "file":
        return FolderStore(Path(url))
    if parts.scheme == "file":
        return FolderStore(_file_path(parts))
    if parts.scheme == "memory":
        memory = MemoryStore()
        return ObjectStore(Clients(memory, memory, memory), "memory:/", retry)
    openers = {"s3": _connect_s3, "gs": _connect_google, "az": _connect_azure}
    if parts.scheme not in openers:
        raise InvalidRequestError(
            f"a store URL cannot begin with {parts.scheme + '://'!r:.40}. Use a path, file://, memory://, "
            "s3://, gs:// or az://."
        )
    name, connect = openers[parts.scheme](parts, environment)
    return _bucket(name, connect, retry or RetryPolicy(), patience or Patience())


def _file_path(parts: SplitResult) -> Path:
    if parts.netloc not in {"", "localhost"}:
        raise InvalidRequestError(
            f"file://{parts.netloc:.80}/... names another machine. Use three slashes: file:///path."
        )
    return Path(unquote(parts.path))


def _connect_s3(parts: SplitResult, environment: Environment) -> tuple[str, Connect]:
    options = _options(parts, {"endpoint", "region"})
    endpoint = options.get("endpoint")
    if endpoint is not None and urlsplit(endpoint).scheme not in {"http", "https"}:
        raise InvalidRequestError("the endpoint of an s3:// URL is a URL itself. Use endpoint=https://host.")
    access = s3_access(parts.netloc, endpoint, options.get("region"), environment)
    shared: ClientConfig = {"allow_http": access.endpoint.startswith("http://")}
    if authority := environment.get("AWS_CA_BUNDLE"):
        with os_faults(f"read AWS_CA_BUNDLE {authority}", writing=False):
            shared["root_certificate"] = Path(authority).read_bytes()

    config: S3Config = {
        "endpoint": access.endpoint,
        "region": access.region,
        "access_key_id": access.access_key_id,
        "secret_access_key": access.secret_access_key,
    }
    if access.session_token:
        config["session_token"] = access.session_token

    def connect(client: "ClientConfig", retry: "RetryConfig") -> Backend:
        return S3Store(
            access.bucket,
            prefix=_prefix(parts),
            config=config,
            client_options={**client, **shared},
            retry_config=retry,
        )

    return _name("s3", access.bucket, parts), connect


def _connect_google(parts: SplitResult, environment: Environment) -> tuple[str, Connect]:
    _options(parts, set())
    bucket = parts.netloc
    config = cast("GCSConfig", google_access(bucket, environment))
    return _name("gs", bucket, parts), lambda client, retry: GCSStore(
        bucket, prefix=_prefix(parts), config=config, client_options=client, retry_config=retry
    )


def _connect_azure(parts: SplitResult, environment: Environment) -> tuple[str, Connect]:
    _options(parts, set())
    container = parts.netloc
    config = cast("AzureConfig", azure_access(container, environment))
    return _name("az", container, parts), lambda client, retry: AzureStore(
        container, prefix=_prefix(parts), config=config, client_options=client, retry_config=retry
    )


def _bucket(name: str, connect: Connect, retry: RetryPolicy, patience: Patience) -> ObjectStore:
    client: ClientConfig = {
        "connect_timeout": timedelta(seconds=patience.connect_s),
        "timeout": timedelta(seconds=patience.request_s),
    }
    reading: ClientConfig = {**client, "read_timeout": timedelta(seconds=patience.silence_s)}
    with settings_faults(f"open {name}"):
        clients = Clients(
            read=connect(reading, {"max_retries": 0}),
            write=connect(client, {"max_retries": 0}),
            parts=connect(client, _for_parts(retry)),
        )
    return ObjectStore(clients, name, retry)


def _for_parts(retry: RetryPolicy) -> "RetryConfig":
    """The policy as obstore carries it out for each request of a multipart upload."""
    pauses_s = retry.pauses_s or (0.0,)
    return {
        "max_retries": len(retry.pauses_s),
        "backoff": {
            "init_backoff": timedelta(seconds=pauses_s[0]),
            "max_backoff": timedelta(seconds=pauses_s[-1]),
            "base": 2,
        },
    }


def _options(parts: SplitResult, allowed: set[str]) -> dict[str, str]:
    if parts.username or parts.password:
        raise InvalidRequestError(f"a {parts.scheme}:// URL carries no credentials. Set them in the environment.")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(set(options) - allowed)
    if unknown:
        raise InvalidRequestError(
            f"a {parts.scheme}:// URL has no option {', '.join(unknown):.80}. "
            f"Known are: {', '.join(sorted(allowed)) or 'none'}."
        )
    return options


def _prefix(parts: SplitResult) -> str | None:
    return unquote(parts.path).strip("/") or None


def _name(scheme: str, bucket: str, parts: SplitResult) -> str:
    return "/".join(filter(None, [f"{scheme}://{bucket}", _prefix(parts)]))
