"""How long a planned call will take and what it will cost on each runner: an estimate, marked as one.

Convention: seconds of one machine of the class that the function needs, from the moment it begins; waiting in a queue and
starting a machine are not in it. Dollars to the cent. Source of the figures: docs/numbers.md, measured on CPU cores
with x264; a card may be faster.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from clipmill.function.needs import Gpu
from clipmill.functions.catalog import load_function
from clipmill.jobs.machine import Machine
from clipmill.jobs.prices import RUNNERS, Prices
from clipmill.media.captions.estimate import Work as Reading
from clipmill.media.captions.estimate import estimate as estimated_reading

CORES = 4
"""What a machine of a cloud is taken to have."""
PLANNED = {"plan_multi_clip": "process_multi_clip_item", "plan_parts": "render_part"}
"""The functions that plan workflows, and the one whose work is most of what they plan."""
_START_S = 1.0
_ENCODE_S = 0.039
"""CPU seconds for a frame of one megapixel that is decoded, drawn and encoded."""
_COPY_S = 0.0004
"""CPU seconds for a frame whose packets are copied."""
_ENLARGE_S = {"realesr-general-x4v3": 40.0, "RealESRGAN_x4plus": 570.0}
"""CPU seconds for a megapixel that a network sees."""
_PICTURE_MP = 2.0736
"""What is taken where a plan does not tell the size: 1080 lines."""


@dataclass(frozen=True)
class Work:
    """Frames that are encoded, of so many megapixels, and frames that are copied."""

    encoded: float
    megapixels: float
    copied: float = 0.0
    enlarging_s: float = 0.0
    """CPU seconds that a network takes for an encoded frame."""

    @property
    def cpu_s(self) -> float:
        return self.encoded * (self.megapixels * _ENCODE_S + self.enlarging_s) + self.copied * _COPY_S


def estimated_plan(function: str, plan: Mapping[str, Any], machine: Machine) -> dict[str, Any]:
    """As `estimated`, for a function on offer; one that plans others is counted as what it plans."""
    gpu = load_function(PLANNED.get(function, function), machine.catalogue).needs.gpu
    return estimated(function, gpu, plan, machine.prices)


def estimated(function: str, gpu: Gpu, plan: Mapping[str, Any], prices: Prices) -> dict[str, Any]:
    """The plan with an ``estimate`` of what the function of that name will take."""
    seconds = _reading_s(function, plan)
    if seconds is None:
        seconds = _START_S + sum(work.cpu_s for work in _works(plan)) / CORES
    rounded = Decimal(str(round(seconds, 1)))
    cost = {runner: float(prices.cents(runner, gpu, rounded)) for runner in RUNNERS}
    told = {"is_estimate": True, "seconds": float(rounded), "gpu": gpu.value, "cost_usd": cost}
    return {**plan, "estimate": told}


def _reading_s(function: str, plan: Mapping[str, Any]) -> float | None:
    """The functions that read captions have formulas of their own, by the length of the video."""
    work = Reading(Fraction(_number(plan.get("duration"))))
    lines = {line.item: line.seconds for line in estimated_reading(work).lines}
    seconds = lines.get(function.removesuffix("_batch"))
    return None if seconds is None else float(seconds)


def _works(plan: Mapping[str, Any]) -> Iterator[Work]:
    """The outputs of a plan: its clips where it has some, and what they are joined to, else the one that it is."""
    clips = plan.get("clips")
    if not isinstance(clips, list):
        yield _work(plan)
        return
    for clip in clips:
        yield _work({**_size(plan.get("output")), **clip})
    if isinstance(compilation := plan.get("compilation"), Mapping):
        yield _work(compilation)


def _work(part: Mapping[str, Any]) -> Work:
    frames, share = _number(part.get("frames")), _encoded_share(part)
    width, height = _number(part.get("width")), _number(part.get("height"))
    return Work(frames * share, width * height / 1e6 or _PICTURE_MP, frames * (1 - share), _enlarging_s(part))


def _enlarging_s(part: Mapping[str, Any]) -> float:
    upscale = part.get("upscale")
    if not isinstance(upscale, Mapping):
        return 0.0
    return _number(upscale.get("model_megapixels")) * _ENLARGE_S.get(upscale["used"], 0.0)


def _encoded_share(part: Mapping[str, Any]) -> float:
    """How much (0..1) of an output is encoded: where its ranges are told, else what its joined clips do not copy."""
    ranges, duration = part.get("encoded_ranges"), _number(part.get("duration"))
    if isinstance(ranges, list) and duration:
        return min(sum(end - start for start, end in ranges) / duration, 1.0)
    copies, frames = part.get("copies"), _number(part.get("frames"))
    if not (isinstance(copies, list) and copies and frames):
        return 1.0
    drawn = sum(span["frames"] for span in part.get("spans", ()) if span["kind"] != "body")
    return 1.0 - (1.0 - drawn / frames) * sum(copies) / len(copies)


def _size(output: Any) -> dict[str, Any]:
    given = output if isinstance(output, Mapping) else {}
    return {"width": given.get("output_width"), "height": given.get("output_height")}


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
