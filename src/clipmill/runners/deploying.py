"""How the functions get to a platform: one module for each that can be deployed to, or looked at, from here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, cast

from clipmill.runners.doors import door
from clipmill.settings import Settings

PLATFORMS: Mapping[str, str] = {
    "modal": "clipmill.runners.modal.deployment",
    "prefect": "clipmill.runners.prefect.deployment",
    "runpod": "clipmill.runners.runpod.deployment",
}


@dataclass(frozen=True)
class Deployed:
    """One function, or whatever carries functions out over there, as the platform was asked for it."""

    name: str
    words: str
    found: bool


class Deployment(Protocol):
    """What a platform's module offers; ``environment`` stands for the one of the settings."""

    def deploy(self, settings: Settings, environment: str | None) -> None:
        """Bring everything there; what the platform says goes to stderr. An error where that is not to be done from here."""
        ...

    def deployed(self, settings: Settings, environment: str | None) -> list[Deployed]:
        """Every function that should be there, looked up."""
        ...


def deployment(platform: str) -> Deployment:
    """The deployment to a platform of `PLATFORMS`, loaded now."""
    return cast("Deployment", door(platform, PLATFORMS[platform]))
