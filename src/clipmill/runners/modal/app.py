"""The app as it is deployed: every function of the catalogue by name, and as a generator under ``NAME_stream``."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clipmill.functions.catalog import ALIASES, load_function
from clipmill.runners.modal.image import image
from clipmill.runners.modal.words import CORES, REQUIRED_KEYS, Words, words
from clipmill.settings import Settings

if TYPE_CHECKING:
    import modal

STREAM = "_stream"
FUNCTION = "CLIPMILL_MODAL_FUNCTION"
"""The variable that tells a container which function it carries out: all of them have one body."""


@dataclass(frozen=True)
class Bodies:
    """What every function runs; the platform finds both by name in their module."""

    plain: Callable[..., dict[str, Any]]
    stream: Callable[..., Iterator[dict[str, Any]]]


def build(settings: Settings, catalogue: Mapping[str, str], bodies: Bodies) -> "modal.App":
    """The app of these settings, ready to be deployed."""
    import modal

    app = modal.App(
        settings.modal.app, image=image(settings.modal.models), secrets=_secrets(settings), include_source=False
    )
    for name, asked in registrations(catalogue).items():
        for deployed, body in ((name, bodies.plain), (name + STREAM, bodies.stream)):
            app.function(
                name=deployed,
                gpu=list(asked.gpu) or None,
                cpu=asked.cpu,
                memory=asked.memory_mib,
                timeout=asked.timeout_s,
                retries=asked.retries or None,
                env={FUNCTION: name, **_told(settings)},
                max_containers=settings.modal.max_containers,
                buffer_containers=settings.modal.buffer_containers,
                scaledown_window=settings.modal.scaledown_s,
            )(body)
    return app


def registrations(catalogue: Mapping[str, str]) -> dict[str, Words]:
    """How each function is registered, also under its other names."""
    asked = {name: words(load_function(name, catalogue).needs) for name in catalogue}
    return asked | {alias: asked[name] for alias, name in ALIASES.items() if name in asked}


def _secrets(settings: Settings) -> "list[modal.Secret]":
    import modal

    return [
        modal.Secret.from_name(
            name, environment_name=settings.modal.environment, required_keys=list(REQUIRED_KEYS.get(name, ()))
        )
        for name in settings.modal.secrets
    ]


def _told(settings: Settings) -> dict[str, str | None]:
    """The decisions of the deployment that its containers need; credentials come as secrets."""
    return {
        "CLIPMILL_STORE": settings.store,
        "CLIPMILL_SHARED_PREFIXES": ",".join(settings.shared_prefixes) or None,
        "CLIPMILL_MODAL_APP": settings.modal.app,
        "CLIPMILL_THREADS": str(CORES),
    }
