"""What a container consists of: a small Debian, this Python, and the libraries of the machine that deploys, pinned."""

import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from typing import TYPE_CHECKING

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
    lines = distribution(package).requires or []
    names = (_NAME.match(line) for line in lines if "extra ==" not in line)
    return [name[0].lower().replace("_", "-") for name in names if name]
