"""Networks with their weights, loaded once in a process."""

import pickle
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from clipmill.engines.upscale.networks import Network, State, network_of
from clipmill.engines.upscale.weights import Weights
from clipmill.errors import ModelMissingError

MISFITS = (RuntimeError, LookupError, ValueError, TypeError, AttributeError)
"""What a network raises at weights of another one,"""
UNREADABLE = (*MISFITS, pickle.UnpicklingError, SafetensorError, EOFError, OSError)
"""and what readers of weights raise at files that are none."""
WRAPPERS = ("params_ema", "params")
"""Under which names training programs store the weights; what was averaged over training goes first."""
KEPT = 2
"""Networks that are held at a time."""


@lru_cache(maxsize=KEPT)
def loaded(weights: Weights, place: torch.device) -> Network:
    """The network on a device, in half precision on a card; raises where the file does not hold its weights."""
    state = _state(weights.path)
    try:
        network = network_of(weights.model, state)
    except MISFITS as fault:
        raise ModelMissingError(
            f"{weights.path}: expected weights of the architecture of {weights.model.value}, got others. Check "
            f"upscale_model and upscale_weights. ({type(fault).__name__})",
            details={"model": weights.model.value},
        ) from fault
    precision = torch.float16 if place.type == "cuda" else torch.float32
    return network.to(place, precision, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


def _state(path: Path) -> State:
    """The numbers of a file by name; nothing in it is ever run."""
    try:
        with path.open("rb") as file:
            stored: Any = _pickled(path) if file.read(2) in (b"PK", b"\x80\x02") else load_file(path)
    except UNREADABLE as fault:
        raise ModelMissingError(
            f"{path}: expected weights as safetensors, or as a PyTorch file that holds numbers alone, got something "
            f"else ({type(fault).__name__}). Convert it to safetensors."
        ) from fault
    inner = next((stored[name] for name in WRAPPERS if name in stored), stored) if isinstance(stored, dict) else None
    if not isinstance(inner, dict) or not all(isinstance(value, torch.Tensor) for value in inner.values()):
        raise ModelMissingError(f"{path}: expected numbers by name, got something else. Convert it to safetensors.")
    return {str(name): value.to(torch.float32) for name, value in inner.items()}


def _pickled(path: Path) -> Any:
    return torch.load(path, map_location="cpu", weights_only=True)
