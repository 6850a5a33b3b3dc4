"""What a container consists of: a small Debian, this Python, and the libraries of the machine that deploys, pinned."""

import re
import shlex
import sys
import tomllib
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

import clipmill

if TYPE_CHECKING:
    import modal

PACKAGE = "clipmill"
UPSCALE = "upscale"
"""The extra with what runs weights."""
ENVIRONMENT = {"PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8", "CLIPMILL_MODELS": "/opt/clipmill/models"}
_CLIPMILL = "from clipmill.cli.main import main; main()"
_IGNORED = ["**/__pycache__", "**/*.pyc"]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def image(models: Sequence[str] = ()) -> "modal.Image":
    """The image of every function; the package's own files are added last, so that a change of them builds nothing.

    Where it is to have weights, it is built after every change of the package, whose own command fetches them.
    """
    import modal

    bare = modal.Image.debian_slim(python_version=f"{sys.version_info.major}.{sys.version_info.minor}")
    ready = bare.uv_pip_install(*pins(UPSCALE if models else "")).env(ENVIRONMENT)
    if not models:
        return ready.add_local_python_source(PACKAGE, ignore=_IGNORED)
    whole = ready.add_local_python_source(PACKAGE, ignore=_IGNORED, copy=True)
    return whole.run_commands(shlex.join(["python", "-c", _CLIPMILL, "models", "fetch", *models]))


def pins(extra: str = "") -> list[str]:
    """Everything that the package needs to run, with the versions that are installed here.

    What only other systems need is not installed here and left out.
    """
    found: dict[str, str] = {}
    waiting = [PACKAGE]
    while waiting:
        for needed in _needed_by(waiting.pop(), extra):
            try:
                version = distribution(needed).version
            except PackageNotFoundError:
                continue
            if needed not in found:
                # A build for one machine, as 2.9.0+cu128, cannot be had everywhere.
                found[needed] = version.partition("+")[0]
                waiting.append(needed)
    return [f"{name}=={version}" for name, version in sorted(found.items())]


def _needed_by(package: str, extra: str) -> list[str]:
    """The names of what a package needs; an extra is one of ours."""
    if package != PACKAGE:
        lines = distribution(package).requires or []
    else:
        lines = distribution(package).requires or [] if _is_installed() else _of_the_sources()
        wanted = f"; extra == {extra!r}"
        lines = [line.replace('"', "'").removesuffix(wanted) for line in lines]
    names = (_NAME.match(line) for line in lines if "extra ==" not in line)
    return [name[0].lower().replace("_", "-") for name in names if name]


def _is_installed() -> bool:
    try:
        distribution(PACKAGE)
    except PackageNotFoundError:
        return False
    return True


def _of_the_sources() -> list[str]:
    """What the package needs where it runs in place, out of a checkout."""
    project = tomllib.loads((Path(clipmill.__file__).parents[2] / "pyproject.toml").read_text())["project"]
    further = project["optional-dependencies"].items()
    return project["dependencies"] + [f"{line}; extra == '{extra}'" for extra, lines in further for line in lines]
