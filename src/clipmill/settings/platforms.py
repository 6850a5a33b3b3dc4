"""Where jobs run, and what each platform wants to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from clipmill.function.needs import Gpu
from clipmill.settings import values
from clipmill.settings.variables import Variables


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
    models: tuple[str, ...] = ()
    max_containers: int = 10
    buffer_containers: int = 0
    scaledown_s: int = 60

    @classmethod
    def of(cls, variables: Variables) -> Self:
        read = variables.read
        return cls(
            enabled=read("MODAL_ENABLED", values.yes_or_no, read("MODAL_TOKEN_ID", bool, False)),
            app=read("CLIPMILL_MODAL_APP", str, cls.app),
            environment=read("CLIPMILL_MODAL_ENVIRONMENT", str, cls.environment),
            secrets=read("CLIPMILL_MODAL_SECRETS", values.words, cls.secrets),
            models=read("CLIPMILL_MODAL_MODELS", values.words, cls.models),
            max_containers=read("CLIPMILL_MODAL_MAX_CONTAINERS", values.count, cls.max_containers),
            buffer_containers=read("CLIPMILL_MODAL_BUFFER_CONTAINERS", values.none_or_more, cls.buffer_containers),
            scaledown_s=read("CLIPMILL_MODAL_SCALEDOWN_S", values.count, cls.scaledown_s),
        )


@dataclass(frozen=True)
class PrefectSettings:
    """The server of one's own machines; ``limits`` says how many runs of a class of card there are at a time."""

    url: str = ""
    auth: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    pool: str = "clipmill"
    limits: Mapping[Gpu, int] = field(default_factory=lambda: dict.fromkeys((Gpu.SMALL, Gpu.MEDIUM, Gpu.LARGE), 1))

    @classmethod
    def of(cls, variables: Variables) -> Self:
        read = variables.read
        return cls(
            url=read("PREFECT_API_URL", values.service_url, cls.url),
            auth=read("PREFECT_API_AUTH_STRING", str, cls.auth),
            key=read("PREFECT_API_KEY", values.key, cls.key),
            pool=read("CLIPMILL_PREFECT_POOL", values.pool, cls.pool),
            limits=read("CLIPMILL_PREFECT_LIMITS", values.limits, cls().limits),
        )
