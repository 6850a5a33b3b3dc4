"""What reading the captions of a video will cost, and whether that is allowed.

*Convention:* money is US dollars as ``Decimal``, times are exact seconds; a line is rounded half up to the cent, the
total is the sum of rounded lines.
"""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from clipmill.errors import LimitExceededError
from clipmill.media.time import round_half_up

MOST_FRAMES_PER_VIDEO = 432_000
SECONDS_PER_HOUR = 3600
_CENT = Decimal("0.01")
_FINEST = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Prices:
    """What machines and services cost, and how fast the functions are."""

    t4_per_hour: Decimal = Decimal("0.60")
    a10g_per_hour: Decimal = Decimal("1.10")
    vision_per_image: Decimal = Decimal("0.0015")
    extraction_speed: Fraction = Fraction(12)
    """Seconds of video per second."""
    inference_speed: Fraction = Fraction(4)
    seconds_per_reading: Fraction = Fraction(30)
    """Of one call or batch of caption OCR."""


@dataclass(frozen=True, slots=True)
class Work:
    """How much is to be done for a video."""

    duration: Fraction
    readings: int = 1
    """Calls or batches of caption OCR."""
    vision_images: int = 0
    """Pictures sent to google-vision; 0 unless it is chosen."""


@dataclass(frozen=True, slots=True)
class CostLine:
    """One item of an estimate."""

    item: str
    seconds: Fraction | None
    """None where it is paid by the picture."""
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Estimate:
    """All items of a video."""

    lines: tuple[CostLine, ...] = field(default=())

    @property
    def total(self) -> Decimal:
        return sum((line.cost for line in self.lines), Decimal(0))


STANDARD_PRICES = Prices()


def estimate(work: Work, prices: Prices = STANDARD_PRICES) -> Estimate:
    """What a video will cost, before anything is started.

    >>> [str(line.cost) for line in estimate(Work(Fraction(3600))).lines], str(estimate(Work(Fraction(3600))).total)
    (['0.05', '0.28', '0.01'], '0.34')
    """
    by_the_hour = [
        ("extract_frames_and_ocr", work.duration / prices.extraction_speed, prices.t4_per_hour),
        ("crop_and_infer_caption_frame_extents", work.duration / prices.inference_speed, prices.a10g_per_hour),
        ("generate_caption_ocr", work.readings * prices.seconds_per_reading, prices.t4_per_hour),
    ]
    lines = [CostLine(item, seconds, _rounded(_price(seconds, rate), _CENT)) for item, seconds, rate in by_the_hour]
    if work.vision_images:
        images = work.vision_images * Fraction(prices.vision_per_image)
        lines.append(CostLine("google-vision", None, _rounded(images, _CENT)))
    return Estimate(tuple(lines))


def actual_cost(seconds: Fraction, per_hour: Decimal) -> Decimal:
    """What a finished call cost, to a millionth of a dollar."""
    return _rounded(_price(seconds, per_hour), _FINEST)


def check_limits(
    expected: Estimate,
    frames: int,
    max_cost_usd: Decimal | None = None,
    max_frames_per_video: int = MOST_FRAMES_PER_VIDEO,
) -> None:
    """Refuse work that costs more, or has more cropped frames, than a deployment allows."""
    if max_cost_usd is not None and expected.total > max_cost_usd:
        raise LimitExceededError(
            f"the estimate of {expected.total} USD is above max_cost_usd, {max_cost_usd}. "
            "Raise the limit, or send a shorter video.",
            details={"estimate": str(expected.total), "limit": str(max_cost_usd)},
        )
    if frames > max_frames_per_video:
        raise LimitExceededError(
            f"the video has {frames} cropped frames, above max_frames_per_video, {max_frames_per_video}. "
            "Lower frame_rate, or send a shorter video.",
            details={"estimate": frames, "limit": max_frames_per_video},
        )


def _price(seconds: Fraction, per_hour: Decimal) -> Fraction:
    return seconds / SECONDS_PER_HOUR * Fraction(per_hour)


def _rounded(amount: Fraction, unit: Decimal) -> Decimal:
    return (round_half_up(amount / Fraction(unit)) * unit).quantize(unit, rounding=ROUND_HALF_UP)
