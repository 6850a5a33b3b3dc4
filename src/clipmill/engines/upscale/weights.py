"""Weights on this machine whose bytes are known: found and looked at before anything is decoded or loaded."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from clipmill.engines.upscale.published import PUBLISHED
from clipmill.engines.upscale.store import file_of_digest, models_folder, published_file
from clipmill.errors import InvalidRequestError, ModelDigestMismatchError, ModelMissingError
from clipmill.media.choices import UpscaleModel

_DIGITS = 64


@dataclass(frozen=True, slots=True)
class Asked:
    """Which weights a request asks for: the published ones of a model, or those at a place, with their digest."""

    model: UpscaleModel
    path: str | None = None
    url: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Weights:
    """A file with the weights of a model."""

    model: UpscaleModel
    path: Path
    sha256: str


def found_weights(asked: Asked, folder: Path | None = None) -> Weights:
    """The file that is asked for, once its bytes are found to be the ones that are meant."""
    folder = models_folder() if folder is None else folder
    if asked.path is None and asked.url is None:
        if asked.sha256 is not None:
            raise _incomplete("a sha256 stands there alone")
        path, sha256 = published_file(asked.model, folder), PUBLISHED[asked.model].sha256
        advice = f"Run `clipmill models fetch {asked.model.value}`"
    else:
        path, sha256 = _own_file(asked, folder)
        advice = f"Run `clipmill models fetch PLACE#{sha256}`" if asked.url else "Put the file there"
    try:
        digest = digest_of(path)
    except OSError:
        raise ModelMissingError(
            f"the weights of {asked.model.value} are not on this machine: there is no {path}. {advice}, or send "
            'upscale "never" or upscale_fallback "lanczos".',
            details={"model": asked.model.value},
        ) from None
    if digest != sha256:
        # What a stranger asked for may be any file here: its digest is not told.
        raise ModelDigestMismatchError(
            f"{path}: expected weights with SHA-256 {sha256}, the file has another. {advice} again, or correct the digest.",
            details={"model": asked.model.value},
        )
    return Weights(asked.model, path, sha256)


def _own_file(asked: Asked, folder: Path) -> tuple[Path, str]:
    if asked.path is not None and asked.url is not None:
        raise _incomplete("both are given")
    sha256 = (asked.sha256 or "").casefold()
    if len(sha256) != _DIGITS or set(sha256) - set("0123456789abcdef"):
        raise _incomplete(f"the digest is {asked.sha256!r:.80}")
    return file_of_digest(sha256, folder) if asked.path is None else folder / asked.path, sha256


def _incomplete(got: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"upscale_weights: expected a path or a url and the sha256 of the file, {_DIGITS} hexadecimal digits; {got}.",
        details={"field": "upscale_weights"},
    )


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, worked out once as long as the file stays as it is."""
    status = path.stat()
    return _digest(path, status.st_size, status.st_mtime_ns)


@cache
def _digest(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
