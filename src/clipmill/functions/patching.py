"""Write a window of a source with as few pictures encoded as can be: the way of overlays and extracted clips."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from clipmill.engines.encoder_stretches import encoder_stretches, frames_about
from clipmill.engines.encoders import Codec
from clipmill.engines.join_clips import whole
from clipmill.engines.made_stretches import MadeStretches
from clipmill.engines.painted import Paint, untouched
from clipmill.engines.patch import PatchSound
from clipmill.engines.picture_times import PictureTimes
from clipmill.engines.smart import SmartPlan, SmartRender, SmartReport, plan_smart
from clipmill.engines.sound import clip_sound
from clipmill.engines.sound_copy import SoundCopy
from clipmill.engines.upscale.weights import Weights
from clipmill.function.results import Result, Warn
from clipmill.functions.planning import Source, encoder_name_of, picture_warnings
from clipmill.functions.writing import measured
from clipmill.media.choices import Quality
from clipmill.media.concealed import Concealed
from clipmill.media.copying import Encoded, Span
from clipmill.media.framing import ClipPlan
from clipmill.media.parts import STRETCH_S, Run
from clipmill.media.sound import sample_at

Range = tuple[Fraction, Fraction]
"""Seconds from the first picture of a source."""


@dataclass(frozen=True, slots=True)
class PatchWork:
    """One file to write from a window of a source."""

    source: Source
    plan: SmartPlan
    quality: Quality
    codec: Codec
    threads: int
    include_audio: bool = True
    paint: Paint = untouched
    framing: ClipPlan | None = None
    stretch_s: Fraction = STRETCH_S
    network: Weights | None = None
    """Of the network that enlarges the pictures, which are framed then and not painted on."""

    @property
    def weights(self) -> list[int]:
        """About how many frames each encoded stretch has."""
        times = self.plan.times
        with times.opened():
            stretches = encoder_stretches(times, self.plan.stretches, self.stretch_s)
        return [frames_about(times, stretch) for stretch in stretches if isinstance(stretch, Encoded)]

    @property
    def audio(self) -> str:
        """What happens to the sound: copied, encoded or none."""
        copy = self._sound_copy()
        if copy is None:
            return "none"
        return "copied" if copy.possible else "encoded"

    def painted_by(self, paint: Paint) -> "PatchWork":
        return replace(self, paint=paint)

    def write(self, path: Path, on_frame: Callable[[int], None], made: MadeStretches | None = None) -> SmartReport:
        """Write the file and tell how it went; stretches that were ``made`` before are taken as they are."""
        return self._render.write(path, on_frame, made)

    def write_part(self, run: Run, path: Path, on_frame: Callable[[int], None]) -> Concealed:
        """Write the pictures of some of the encoded stretches."""
        return self._render.write_stretches(run, path, on_frame)

    @property
    def _render(self) -> SmartRender:
        return SmartRender(
            plan=self.plan,
            paint=self.paint,
            quality=self.quality,
            codec=self.codec,
            threads=self.threads,
            sound=self._sound,
            framing=self.framing,
            stretch_s=self.stretch_s,
            network=self.network,
        )

    def _sound_copy(self) -> SoundCopy | None:
        audio, plan = self.source.info.audio, self.plan
        if not self.include_audio or audio is None:
            return None
        if audio.duration is not None and audio.start + audio.duration <= plan.start:
            return None
        return SoundCopy(self.source.media, audio, plan.start, plan.start + plan.duration)

    def _sound(self) -> PatchSound:
        copy = self._sound_copy()
        if copy is None or copy.possible:
            return PatchSound(copied=copy)
        channels, length = min(2, copy.audio.channels), sample_at(self.plan.duration)
        timeline = whole(self.plan.duration)
        samples = clip_sound(copy.media, copy.audio, self.plan.start, timeline, Fraction(0), length, channels)
        return PatchSound(samples=samples, channels=channels)


def plan_window(source: Source, window: Range | None, changed: Sequence[Range], *, smart: bool = True) -> SmartPlan:
    """What is copied and what encoded of the pictures shown in a window; all of them without one."""
    times = PictureTimes(source.media, source.video)
    with times.opened():
        span = Span(times.first, times.end) if window is None else times.window(*window)
        if not smart:
            return SmartPlan(times, span, (Encoded(span.start, span.end),))
        return plan_smart(times, span, changed)


def patch_result(path: Path, key: str, work: PatchWork, report: SmartReport, encoder: str) -> Result:
    """The result of a written file, measured on it."""
    copied_whole = not any(isinstance(stretch, Encoded) for stretch in report.plan.stretches)
    # What stands beside copies is always x264's work.
    drawn_by = encoder if report.plan.coding is None else encoder_name_of(Codec.X264)
    result = measured(path, key, "copied" if copied_whole else drawn_by)
    warnings = [*source_warnings(work.source, report.plan), *patch_warnings(report)]
    changes = {"audio": work.audio, "copied_ranges": report.plan.copied_ranges, "warnings": warnings}
    return result.model_copy(update=changes)


def source_warnings(source: Source, plan: SmartPlan) -> list[Warn]:
    """What the caller should know of a source whose pictures are all drawn again."""
    return [] if plan.coding is not None else list(picture_warnings(source.video))


def patch_warnings(report: SmartReport) -> list[Warn]:
    """What the caller should know of how a file was written."""
    warnings: list[Warn] = []
    if report.fault:
        message = f"copying the packets that do not change failed, so all of it was encoded: {report.fault}"
        warnings.append(Warn(code="smart_render_fallback", message=message))
    if frames := report.concealed_frames:
        message = f"{frames} frames could not be decoded; the last good picture stands in for them"
        warnings.append(Warn.model_validate({"code": "frames_concealed", "message": message, "count": frames}))
    return warnings


def described_patch(plan: SmartPlan) -> dict[str, Any]:
    """A plan as plain JSON; ranges in output seconds."""
    first, tick = plan.window.start, plan.times.tick
    encoded = [stretch for stretch in plan.stretches if isinstance(stretch, Encoded)]
    ranges = [[float((span.start - first) * tick), float((span.end - first) * tick)] for span in encoded]
    return {
        "frames": plan.count_frames(),
        "duration": float(plan.duration),
        "source_range": [
            float(plan.start - plan.times.video.start),
            float(plan.start - plan.times.video.start + plan.duration),
        ],
        "copied_ranges": [list(pair) for pair in plan.copied_ranges],
        "encoded_ranges": ranges,
        "why_not": plan.why_not,
    }
