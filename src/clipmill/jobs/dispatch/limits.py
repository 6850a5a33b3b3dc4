"""How much one tenant may ask of a service, and how much a service does at a time."""

from dataclasses import dataclass

from clipmill.jobs.limits import GIB


@dataclass(frozen=True)
class ServiceLimits:
    """Bounds of one request, of one tenant, and of what runs beside the jobs.

    ``body_bytes`` does not count uploads; ``duration_s``, ``pixels`` and ``frame_rate`` bound a source as they bound
    an output.
    """

    body_bytes: int = 2 * 1024 * 1024
    clips: int = 500
    keyframes: int = 10_000
    input_bytes: int = 64 * GIB
    duration_s: int = 6 * 3600
    pixels: int = 35_400_000
    frame_rate: int = 240
    running_jobs: int = 16
    queued_jobs: int = 1000
    requests_per_minute: int = 600
    plans_at_once: int = 2
    plan_s: float = 30.0
