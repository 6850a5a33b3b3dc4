"""Stands for a deployment to RunPod, which takes none from here: its endpoints are made from an image, and looked up."""

from collections.abc import Iterator
from itertools import groupby

import httpx

from clipmill.errors import InvalidRequestError
from clipmill.runners.deploying import Deployed
from clipmill.runners.runpod.endpoint import Endpoint, Health
from clipmill.settings import Settings


def deploy(settings: Settings, environment: str | None) -> None:
    """Always an error: an image needs a registry of the account's owner, and an endpoint is made in the console."""
    del settings, environment
    raise InvalidRequestError(
        "RunPod takes its workers from an image in a registry of yours. Build it and make the endpoint as the guide's page "
        "on RunPod says, then run `clipmill deploy runpod --check`."
    )


def deployed(settings: Settings, environment: str | None) -> list[Deployed]:
    """Every endpoint of the settings; one whose jobs wait for workers that it does not have counts as missing."""
    if environment is not None:
        raise InvalidRequestError("RunPod has no environments. Leave --env out, or set RUNPOD_ENDPOINT_ID.")
    if not (settings.runpod_key and settings.runpod_endpoints):
        raise InvalidRequestError("RunPod is not set up. Set RUNPOD_API_KEY and RUNPOD_ENDPOINT_ID.")
    with httpx.Client() as http:
        return list(_rows(settings, http))


def _rows(settings: Settings, http: httpx.Client) -> Iterator[Deployed]:
    by_name = sorted(settings.runpod_endpoints.items(), key=lambda each: each[1])
    for name, classes in groupby(by_name, key=lambda each: each[1]):
        health = Endpoint(http, f"{settings.runpod_url}/{name}", settings.runpod_key).health()
        cards = ", ".join(gpu for gpu, _ in classes)
        yield Deployed(name, f"{cards}: {_words(health)}", health is not None and not health.is_stuck)


def _words(health: Health | None) -> str:
    if health is None:
        return "no such endpoint"
    return f"{health.workers} workers, {health.waiting} jobs wait"
