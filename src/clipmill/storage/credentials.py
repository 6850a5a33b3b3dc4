"""Which names of the environment open a bucket, and what is missing among them."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from clipmill.errors import AccessDeniedError

Environment = Mapping[str, str]


@dataclass(frozen=True)
class Service:
    """The names under which one service's settings stand; the first of several that is set counts."""

    title: str
    access_key: str
    secret_key: str
    session_token: str | None
    endpoints: tuple[str, ...]
    buckets: tuple[str, ...]
    regions: tuple[str, ...]
    default_endpoint: str
    default_region: str
    host: str

    def keys_set(self, environment: Environment) -> int:
        """How many of the two keys are there."""
        return sum(bool(environment.get(name)) for name in (self.access_key, self.secret_key))


AWS = Service(
    title="S3",
    access_key="AWS_ACCESS_KEY_ID",
    secret_key="AWS_SECRET_ACCESS_KEY",  # noqa: S106 - the name of a variable
    session_token="AWS_SESSION_TOKEN",  # noqa: S106
    endpoints=("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    buckets=(),
    regions=("AWS_REGION", "AWS_DEFAULT_REGION"),
    default_endpoint="https://s3.{region}.amazonaws.com",
    default_region="us-east-1",
    host="amazonaws.com",
)
R2 = Service(
    title="R2",
    access_key="R2_ACCESS_KEY_ID",
    secret_key="R2_SECRET_ACCESS_KEY",  # noqa: S106
    session_token=None,
    endpoints=("R2_ENDPOINT_URL", "R2_ENDPOINT"),
    buckets=("R2_BUCKET_NAME",),
    regions=(),
    default_endpoint="",
    default_region="auto",
    host="r2.cloudflarestorage.com",
)
WASABI = Service(
    title="Wasabi",
    access_key="WASABI_ACCESS_KEY",
    secret_key="WASABI_SECRET_KEY",  # noqa: S106
    session_token=None,
    endpoints=(),
    buckets=("WASABI_BUCKET",),
    regions=("WASABI_REGION",),
    default_endpoint="https://s3.{region}.wasabisys.com",
    default_region="us-east-1",
    host="wasabisys.com",
)
SERVICES = (AWS, R2, WASABI)

_GOOGLE_KEYS = {
    "GOOGLE_APPLICATION_CREDENTIALS": "application_credentials",
    "GOOGLE_SERVICE_ACCOUNT": "service_account",
    "GOOGLE_SERVICE_ACCOUNT_KEY": "service_account_key",
}
_AZURE_ACCOUNTS = {"AZURE_STORAGE_ACCOUNT_NAME": "account_name", "AZURE_STORAGE_ACCOUNT": "account_name"}
_AZURE_KEYS = {
    "AZURE_STORAGE_ACCOUNT_KEY": "account_key",
    "AZURE_STORAGE_KEY": "account_key",
    "AZURE_STORAGE_SAS_TOKEN": "sas_key",
}


@dataclass(frozen=True)
class S3Access:
    """All that opens a bucket of S3 or its kin."""

    bucket: str
    endpoint: str
    region: str
    access_key_id: str
    secret_access_key: str
    session_token: str | None

    def __repr__(self) -> str:
        return f"S3Access(bucket={self.bucket!r}, endpoint={self.endpoint!r}, region={self.region!r})"


def s3_access(bucket: str, endpoint: str | None, region: str | None, environment: Environment) -> S3Access:
    """Find the settings of a bucket; `AccessDeniedError` names everything that is missing, at once."""
    service = max(_candidates(bucket, endpoint, environment), key=lambda each: each.keys_set(environment))
    region = region or _first_set(service.regions, environment) or service.default_region
    endpoint = endpoint or _first_set(service.endpoints, environment) or service.default_endpoint.format(region=region)
    bucket = bucket or _first_set(service.buckets, environment) or ""
    demanded = {
        service.access_key: environment.get(service.access_key),
        service.secret_key: environment.get(service.secret_key),
        " or ".join(service.endpoints): endpoint,
        " or ".join((*service.buckets, "a bucket in the URL, s3://bucket")): bucket,
    }
    _demand(service.title, bucket, demanded)
    return S3Access(
        bucket,
        endpoint,
        region,
        environment[service.access_key],
        environment[service.secret_key],
        environment.get(service.session_token or "") or None,
    )


def google_access(bucket: str, environment: Environment) -> dict[str, str]:
    """What opens a Google bucket, under obstore's names."""
    key = _option(environment, _GOOGLE_KEYS)
    _demand("Google", bucket, {" or ".join(_GOOGLE_KEYS): key, "a bucket in the URL, gs://bucket": bucket})
    return key


def azure_access(container: str, environment: Environment) -> dict[str, str]:
    """What opens an Azure container, under obstore's names."""
    account = _option(environment, _AZURE_ACCOUNTS)
    key = _option(environment, _AZURE_KEYS)
    demanded = {
        " or ".join(_AZURE_ACCOUNTS): account,
        " or ".join(_AZURE_KEYS): key,
        "a container in the URL, az://container": container,
    }
    _demand("Azure", container, demanded)
    return account | key


def _option(environment: Environment, names: Mapping[str, str]) -> dict[str, str]:
    """The first variable that is set, under the name obstore has for it."""
    return next(({option: environment[name]} for name, option in names.items() if environment.get(name)), {})


def _demand(title: str, bucket: str, settings: Mapping[str, object]) -> None:
    """Raise `AccessDeniedError` with the names of all settings that are empty."""
    missing = [name for name, value in settings.items() if not value]
    if missing:
        raise AccessDeniedError(
            f"the {title} store {bucket!r} cannot be opened without: {', '.join(missing)}. "
            "Set them in the environment of this process.",
            details={"missing": missing},
        )


def _candidates(bucket: str, endpoint: str | None, environment: Environment) -> list[Service]:
    """The services a bucket may belong to, best first; keys of one account never go to another's endpoint."""
    if endpoint is None:
        named = [each for each in SERVICES if _names_bucket(each, bucket, environment)]
        return named or list(SERVICES)
    host = urlsplit(endpoint).hostname or ""
    fitting = [
        each
        for each in SERVICES
        if host.endswith(f".{each.host}") or endpoint == _first_set(each.endpoints, environment)
    ]
    without_home = [each for each in (R2,) if not fitting and not _first_set(each.endpoints, environment)]
    return [*fitting, AWS, *without_home]


def _names_bucket(service: Service, bucket: str, environment: Environment) -> bool:
    configured = _first_set(service.buckets, environment)
    return configured is not None and bucket in {"", configured}


def _first_set(names: tuple[str, ...], environment: Environment) -> str | None:
    return next((environment[name] for name in names if environment.get(name)), None)
