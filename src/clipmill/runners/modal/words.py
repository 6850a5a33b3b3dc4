"""What a function needs, in the platform's words."""

from collections.abc import Mapping
from dataclasses import dataclass

from clipmill.function.needs import Gpu, Needs
from clipmill.storage.retry import RetryPolicy

CORES = 4
"""Processor cores of a container, and the threads of a call in it."""

GPUS: Mapping[Gpu, tuple[str, ...]] = {
    Gpu.NONE: (),
    Gpu.SMALL: ("L4", "T4"),
    Gpu.MEDIUM: ("L4", "A10"),
    Gpu.LARGE: ("L40S", "A100-40GB"),
}
"""Cards of each class; the platform takes the first one that is free."""

REQUIRED_KEYS: Mapping[str, tuple[str, ...]] = {
    "r2-credentials": ("R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY"),
    "wasabi": ("WASABI_ACCESS_KEY", "WASABI_SECRET_KEY"),
    "google-vision": ("GOOGLE_APPLICATION_CREDENTIALS_JSON",),
}
"""What the secrets that we know must hold; the platform refuses a deployment where one is missing."""

_PARENT_MIB = 1024
_MARGIN_S = 60


@dataclass(frozen=True)
class Words:
    """How a function is registered: memory in MiB, the time of a call in seconds.

    ``retries`` is none: a call tries again by itself, and it alone knows which failures may pass. The time is that of
    all its attempts; each of them keeps to the function's own limit.
    """

    gpu: tuple[str, ...]
    memory_mib: int
    timeout_s: int
    retries: int = 0
    cpu: float = CORES


def words(needs: Needs) -> Words:
    """The registration that these needs ask for.

    >>> words(Needs(gpu=Gpu.SMALL, memory_gb=4, timeout_s=300, retries=2))
    Words(gpu=('L4', 'T4'), memory_mib=5120, timeout_s=969, retries=0, cpu=4)
    """
    pauses_s = sum(RetryPolicy().pauses_s[: needs.retries])
    timeout_s = needs.timeout_s * (1 + needs.retries) + int(pauses_s) + _MARGIN_S
    return Words(GPUS[needs.gpu], needs.memory_gb * 1024 + _PARENT_MIB, timeout_s)
