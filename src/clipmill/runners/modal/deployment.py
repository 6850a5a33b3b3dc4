"""Brings the app to Modal by the platform's own command, and looks up every function afterwards."""

import subprocess
import sys

from clipmill.errors import InvalidRequestError
from clipmill.functions.catalog import CATALOG
from clipmill.runners.deploying import Deployed
from clipmill.runners.modal.app import STREAM, registrations
from clipmill.runners.modal.faults import told_as_ours
from clipmill.runners.modal.words import Words
from clipmill.settings import Settings

UTF_8 = {"PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8"}
"""The platform's command prints signs that the terminals of some systems do not know."""
_STDERR = 2


def deploy(settings: Settings, environment: str | None) -> None:
    """Build the image, send the package, register every function; a running app is replaced."""
    if not settings.is_shared:
        raise InvalidRequestError(
            f"containers on Modal cannot see the store {settings.store!r:.200}. Set CLIPMILL_STORE to a bucket."
        )
    place = environment or settings.modal.environment
    where = ["--env", place] if place else []
    command = [sys.executable, "-m", "modal", "deploy", *where, "-m", "clipmill.runners.modal.deployed"]
    # Secrets are looked up in the environment where the app goes.
    told = {**settings.environment, **UTF_8, "CLIPMILL_MODAL_ENVIRONMENT": place or ""}
    ended = subprocess.run(command, env=told, stdout=_STDERR, check=False)
    if ended.returncode != 0:
        raise InvalidRequestError(
            f"`modal deploy` ended with {ended.returncode}; its own words stand above. Is a token set "
            f"(`modal token new`), and do the secrets {', '.join(settings.modal.secrets) or '(none)'} exist there?"
        )


def deployed(settings: Settings, environment: str | None) -> list[Deployed]:
    """Every function and its generator, in the order of the catalogue; a name that is not found is told, not raised."""
    place = environment or settings.modal.environment
    with told_as_ours("cannot be asked for its functions"):
        return [
            Deployed(name, _shown(asked), _is_there(settings.modal.app, name, place))
            for base, asked in registrations(CATALOG).items()
            for name in (base, base + STREAM)
        ]


def _is_there(app: str, name: str, environment: str | None) -> bool:
    import modal
    from modal.exception import NotFoundError

    try:
        modal.Function.from_name(app, name, environment_name=environment).hydrate()
    except NotFoundError:
        return False
    return True


def _shown(asked: Words) -> str:
    """The words of a registration.

    >>> _shown(Words(("L4", "T4"), 5120, 969))
    'L4 or T4, 4 cores, 5 GiB, 969 s'
    """
    card = " or ".join(asked.gpu) or "no GPU"
    return f"{card}, {asked.cpu:g} cores, {asked.memory_mib // 1024} GiB, {asked.timeout_s} s"
