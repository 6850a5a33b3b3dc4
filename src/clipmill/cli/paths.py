"""Ordinary local files as objects of a store, for the verbs that take paths.

Convention: under `MOUNT` the whole file system of this machine is mounted, so ``/home/me/a.mp4`` is the key
``files/home/me/a.mp4``.
"""

from pathlib import Path

from clipmill.errors import InvalidRequestError
from clipmill.storage.keys import validate_key

MOUNT = "files"


def key_of(path: Path) -> str:
    """The key of a local file, there or not.

    >>> key_of(Path("/media/../match.mp4"))
    'files/match.mp4'
    """
    settled = path.parent.resolve() / path.name
    if settled.name in {"", ".."}:
        raise InvalidRequestError(f"{path} is a folder. Name a file.")
    return validate_key(MOUNT + settled.as_posix(), "path")


def path_of(key: str) -> Path:
    """The local file of a key.

    >>> path_of("files/home/me/a.mp4").as_posix()
    '/home/me/a.mp4'
    """
    return Path("/", key.removeprefix(f"{MOUNT}/"))
