"""The folder of this machine where weights lie. Jobs only read it: what is in it was fetched before."""

import os
from collections.abc import Mapping
from pathlib import Path

from clipmill.engines.upscale.published import PUBLISHED
from clipmill.media.choices import UpscaleModel

SETTING = "CLIPMILL_MODELS"
SUFFIXES = (".safetensors", ".pth")


def models_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where weights lie on this machine.

    >>> models_folder({"CLIPMILL_MODELS": "/models"}), models_folder({"HOME": "/home/me"})
    (PosixPath('/models'), PosixPath('/home/me/.cache/clipmill/models'))
    """
    if given := environment.get(SETTING, "").strip():
        return Path(given).absolute()
    home = environment.get("HOME") or Path.home()
    return Path(environment.get("XDG_CACHE_HOME") or Path(home) / ".cache") / "clipmill" / "models"


def published_file(model: UpscaleModel, folder: Path) -> Path:
    """Where the published weights of a model are kept."""
    return folder / PUBLISHED[model].file_name


def file_of_digest(sha256: str, folder: Path) -> Path:
    """Where weights from elsewhere are kept: under their digest, in one of two formats."""
    kept = [folder / f"{sha256}{suffix}" for suffix in SUFFIXES]
    return next((path for path in kept if path.is_file()), kept[0])
