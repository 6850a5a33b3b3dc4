"""What a function needs of a machine, as data; each runner maps it to platform words and prices."""

from dataclasses import dataclass
from enum import StrEnum


class Gpu(StrEnum):
    """Classes of graphics cards, by memory and by whether they can encode video."""

    NONE = "none"
    SMALL = "small"  # 16 GB with NVENC
    MEDIUM = "medium"  # 24 GB
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class Needs:
    """Hardware, the longest a call may take (seconds), and how often a retryable failure is tried again."""

    gpu: Gpu = Gpu.NONE
    memory_gb: int = 4
    timeout_s: int = 600
    retries: int = 2
