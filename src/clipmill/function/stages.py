"""The stages of a job, in order, and the share of the bar that each one owns."""

from enum import StrEnum


class Stage(StrEnum):
    QUEUED = "queued"
    STARTING = "starting"
    DOWNLOADING = "downloading"
    PREPARING = "preparing"
    PROCESSING = "processing"
    ENCODING = "encoding"
    UPLOADING = "uploading"
    PUBLISHING = "publishing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
