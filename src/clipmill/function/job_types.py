"""The kinds of export that editors name, and which function each is: words only, so that a face need not load the work."""

from collections.abc import Mapping
from enum import StrEnum

COMPILATION = {"outputs": ["compilation"]}
"""What the job type annotate makes unless it is asked for more: the file under ``output_key``."""


class JobType(StrEnum):
    FRAMING = "framing"
    OVERLAY = "overlay"
    ANNOTATE = "annotate"


FUNCTION_NAMES: Mapping[JobType, str] = {
    JobType.FRAMING: "process_framing",
    JobType.OVERLAY: "render_overlay",
    JobType.ANNOTATE: "extract_clips",
}
"""What each job type runs, by the name in the catalogue."""
