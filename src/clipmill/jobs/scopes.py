"""What an API key may be good for."""

from enum import StrEnum


class Scope(StrEnum):
    """Words in a key; the public faces ask for one of them each time."""

    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    OBJECTS_READ = "objects:read"
    OBJECTS_WRITE = "objects:write"
    WEBHOOKS = "webhooks"
    USAGE_READ = "usage:read"
    METRICS = "metrics"
