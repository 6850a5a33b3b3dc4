"""What a container consists of: a small Debian, this Python, and the libraries of the machine that deploys, pinned."""

import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

import clipmill

if TYPE_CHECKING:
    import modal

PACKAGE = "clipmill"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def image() -> "modal.Image":
    """The image of every function; the package's own files are added last, so that a change of them builds nothing.

    No weights are fetched: the models in use come with the libraries that run them.
    """
    import modal

    bare = modal.Image.debian_slim(python_version=f"{sys.version_info.major}.{sys.version_info.minor}")
    return (
        bare.uv_pip_install(*pins())
        .env({"PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8"})
        .add_local_python_source(PACKAGE, ignore=["**/__pycache__", "**/*.pyc"])
    )


def pins(package: str = PACKAGE) -> list[str]:
    """Everything that a package needs to run, with the versions that are installed here.

    What only other systems need is not installed here and left out.
    """
    found: dict[str, str] = {}
    waiting = [package]
    while waiting:
        for needed in _needed_by(waiting.pop()):
            try:
                version = distribution(needed).version
            except PackageNotFoundError:
                continue
            if needed not in found:
                # A build for one machine, as 2.9.0+cu128, cannot be had everywhere.
                found[needed] = version.partition("+")[0]
                waiting.append(needed)
    return [f"{name}=={version}" for name, version in sorted(found.items())]


def _needed_by(package: str) -> list[str]:
    lines = _of_the_sources() if package == PACKAGE and not _is_installed() else distribution(package).requires or []
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
    project = tomllib.loads((Path(clipmill.__file__).parents[2] / "pyproject.toml").read_text())
    return project["project"]["dependencies"]
