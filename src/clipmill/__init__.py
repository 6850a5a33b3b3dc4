"""Video functions for highlights and captions, exact to the frame."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clipmill.client import AsyncClient as AsyncClient
    from clipmill.client import Client as Client

__version__ = "0.1.0"

_CLIENTS = frozenset({"AsyncClient", "Client"})


def __getattr__(name: str) -> Any:
    """The clients, loaded when one is used: whoever renders here needs none."""
    if name in _CLIENTS:
        return getattr(import_module("clipmill.client"), name)
    raise AttributeError(f"module 'clipmill' has no attribute {name!r}")
