"""The flows that are deployed: their names, where they lie, and which queue their runs wait in."""

from collections.abc import Mapping
from dataclasses import dataclass

from clipmill.function.needs import Gpu

JOB_FLOW = "clipmill-job"
INITIAL_FLOW = "captionacc-video-initial-processing"
CROP_FLOW = "captionacc-crop-and-infer-caption-frame-extents"
OCR_FLOW = "captionacc-caption-ocr"
NAME = "clipmill"
"""Every deployment has this name: ``clipmill-job/clipmill``."""

_HERE = "clipmill.runners.prefect"


@dataclass(frozen=True)
class Deployable:
    """A flow: ``entrypoint`` is a module and a name in it, ``parameters`` the JSON type of each."""

    flow: str
    entrypoint: str
    gpu: Gpu
    parameters: Mapping[str, str]


FLOWS = (
    Deployable(
        JOB_FLOW,
        f"{_HERE}.flows.clipmill_job",
        # Each run names the queue of its own function.
        Gpu.NONE,
        {"job": "string", "store": "string", "once": "boolean"},
    ),
    Deployable(
        INITIAL_FLOW,
        f"{_HERE}.captions.captionacc_video_initial_processing",
        Gpu.SMALL,
        {"video_id": "string", "tenant_id": "string", "storage_key": "string"},
    ),
    Deployable(
        CROP_FLOW,
        f"{_HERE}.captions.captionacc_crop_and_infer_caption_frame_extents",
        Gpu.MEDIUM,
        {"video_id": "string", "tenant_id": "string", "crop_region": "object"},
    ),
    Deployable(
        OCR_FLOW,
        f"{_HERE}.captions.captionacc_caption_ocr",
        Gpu.SMALL,
        {
            "tenant_id": "string",
            "video_id": "string",
            "caption_id": "string",
            "start_frame": "integer",
            "end_frame": "integer",
            "version": "integer",
        },
    ),
)
