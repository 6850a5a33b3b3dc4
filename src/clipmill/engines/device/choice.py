"""Which device draws pictures: this machine's processor, or its graphics card.

Nothing here loads PyTorch before it is asked for a device.
"""

import os
import resource
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from clipmill.errors import InvalidParameterError

if TYPE_CHECKING:
    import torch

SETTING = "CLIPMILL_DEVICE"
DRIVERS = ("/dev/nvidiactl", "/dev/dxg")
"""What a driver shows: looked for first, since PyTorch takes seconds to load."""
_KIB = 1024


class DeviceName(StrEnum):
    """``auto`` is the card where there are a card and PyTorch, else the processor."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


def device_name(environment: Mapping[str, str] = os.environ) -> DeviceName:
    """What the setting says; an unknown name is refused."""
    wanted = environment.get(SETTING, "").strip() or DeviceName.AUTO
    try:
        return DeviceName(wanted)
    except ValueError:
        expected = ", ".join(DeviceName)
        raise InvalidParameterError(
            f"{SETTING}: expected one of {expected}, got {wanted!r:.80}.", details={"field": SETTING}
        ) from None


def drawing_card(environment: Mapping[str, str] = os.environ) -> "torch.device | None":
    """The card that pictures are drawn on, if they are; raises where one is demanded and cannot be used."""
    name = device_name(environment)
    if name is DeviceName.CPU:
        return None
    fault = card_fault()
    if fault and name is DeviceName.CUDA:
        raise InvalidParameterError(
            f'{SETTING} is "cuda", but {fault}; set it to "auto" or "cpu"', details={"field": SETTING}
        )
    if fault:
        return None
    import torch

    return torch.device("cuda")


@cache
def card_fault() -> str | None:
    """Why there is no card to draw on; None where there is one."""
    if not any(Path(driver).exists() for driver in DRIVERS):
        return "this machine shows no NVIDIA card"
    if find_spec("torch") is None:
        return "PyTorch is not installed: pip install 'clipmill[upscale]'"
    import torch

    if not torch.version.cuda:
        return f"PyTorch {torch.__version__} was built without CUDA"
    return None if torch.cuda.is_available() else "PyTorch cannot use the NVIDIA card"


def card_name() -> "tuple[str, torch.device]":
    """What the card is called, and the device that it is."""
    import torch

    return torch.cuda.get_device_name(), torch.device("cuda")


def device(environment: Mapping[str, str] = os.environ) -> "torch.device":
    """The device for networks; PyTorch has to be there."""
    import torch

    return drawing_card(environment) or torch.device("cpu")


def free_memory(place: "torch.device") -> int:
    """Bytes that can still be taken on a device; of the processor's memory what this process may have."""
    import torch

    if place.type == "cuda":
        return (
            torch.cuda.mem_get_info(place)[0] + torch.cuda.memory_reserved(place) - torch.cuda.memory_allocated(place)
        )
    return min(_machine_memory(), _own_allowance())


def _machine_memory() -> int:
    found = _told_by_kernel("/proc/meminfo", "MemAvailable")
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2 if found is None else found


def _own_allowance() -> int:
    """What the limit of this process leaves."""
    bound, _ = resource.getrlimit(resource.RLIMIT_DATA)
    if bound == resource.RLIM_INFINITY:
        return _machine_memory()
    return max(0, bound - (_told_by_kernel("/proc/self/status", "VmData") or 0))


def _told_by_kernel(path: str, field: str) -> int | None:
    """A field of one of Linux's files about memory, in bytes."""
    try:
        lines = Path(path).read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    found = [int(line.split()[1]) for line in lines if line.startswith(f"{field}:")]
    return found[0] * _KIB if found else None
