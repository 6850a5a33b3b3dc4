"""Smart rendering: plan what of a window is copied, write it, look at the joints, and encode all of it where they fail.

Convention: a window and its stretches count ticks of the plan's clock, on the source's own clock.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from pathlib import Path

from clipmill.engines.coded import CodedVideo, Coding, NotCopyableError, coding_of
from clipmill.engines.device.opening import picture_placer
from clipmill.engines.encoder_stretches import encoder_stretches
from clipmill.engines.encoders import Codec, VideoFormat
from clipmill.engines.joints import fault_at_joints
from clipmill.engines.look import Look
from clipmill.engines.made_stretches import MadeStretches
from clipmill.engines.painted import Paint, PaintedPictures, even_size, painted_as_they_lie, upright
from clipmill.engines.patch import Draw, Patch, PatchSound, PatchWriter, each
from clipmill.engines.picture_times import PictureTimes
from clipmill.engines.planes import Orientation
from clipmill.engines.render import OnFrame
from clipmill.engines.timed_packets import UntimedError
from clipmill.engines.upscale.opening import enlarged_placer
from clipmill.engines.upscale.weights import Weights
from clipmill.errors import EncoderFailedError
from clipmill.media.choices import Quality
from clipmill.media.concealed import Concealed
from clipmill.media.copying import Encoded, Span, Stretch, copied_ticks, joints, plan_stretches
from clipmill.media.framing import ClipPlan
from clipmill.media.info import VideoInfo
from clipmill.media.parts import STRETCH_S, Run

SHORT_S, SMALL_SHARE = 5, Fraction(1, 10)
"""So much may be encoded with more bytes than usual, in all or of the whole."""


@dataclass(frozen=True, slots=True)
class SmartPlan:
    """Which stretches of a window are copied and which encoded; ``why_not`` tells why nothing can be copied."""

    times: PictureTimes
    window: Span
    stretches: tuple[Stretch, ...]
    coding: Coding | None = None
    why_not: str | None = None

    def without_copies(self, why_not: str) -> "SmartPlan":
        return replace(self, stretches=(Encoded(self.window.start, self.window.end),), coding=None, why_not=why_not)

    @property
    def duration(self) -> Fraction:
        return (self.window.end - self.window.start) * self.times.tick

    @property
    def encodes_little(self) -> bool:
        """Whether the pictures that are encoded hardly count among those that are copied."""
        encoded = sum(stretch.end - stretch.start for stretch in self.stretches if isinstance(stretch, Encoded))
        return encoded * self.times.tick <= max(SHORT_S, SMALL_SHARE * self.duration)

    @property
    def start(self) -> Fraction:
        """The first frame, in seconds on the source's own clock."""
        return self.window.start * self.times.tick

    @property
    def copied_ranges(self) -> list[tuple[float, float]]:
        """What is copied, in output seconds."""
        tick, first = self.times.tick, self.window.start
        return [(float((a - first) * tick), float((b - first) * tick)) for a, b in copied_ticks(self.stretches)]

    def count_frames(self) -> int:
        """Frames of the window; reads through its packets."""
        return sum(1 for _ in self.times.shown(self.window.start, self.window.end))


def plan_smart(times: PictureTimes, window: Span, changed: Sequence[tuple[Fraction, Fraction]]) -> SmartPlan:
    """Copy what the groups of pictures allow; ``changed`` are seconds from the first picture of the source."""
    plan = SmartPlan(times, window, (Encoded(window.start, window.end),))
    try:
        with times.opened() as found:
            coded = CodedVideo(found, coding_of(found, times.video))
            stretches = plan_stretches(window, changed_spans(times, changed), coded)
            copies = replace(plan, stretches=stretches, coding=coded.coding)
    except (NotCopyableError, UntimedError) as reason:
        return plan.without_copies(str(reason))
    if copies.coding is None or copies.coding.tick != times.tick:
        return plan.without_copies("its clock is finer than a track can count")
    return copies if copied_ticks(stretches) else plan.without_copies("no closed group of pictures stays as it is")


def changed_spans(times: PictureTimes, changed: Sequence[tuple[Fraction, Fraction]]) -> list[Span]:
    """The ticks of the pictures that are shown in ranges of seconds."""
    return [Span(*(ceil((times.video.start + t) / times.tick) for t in bounds)) for bounds in changed]


@dataclass(frozen=True, slots=True)
class SmartRender:
    """How a plan is carried out."""

    plan: SmartPlan
    paint: Paint
    quality: Quality
    codec: Codec
    threads: int
    sound: Callable[[], PatchSound]
    """Makes the sound anew, for every try."""
    framing: ClipPlan | None = None
    """How the painted picture is framed, if it is; its frame is the upright picture."""
    stretch_s: Fraction = STRETCH_S
    """How long one encoder lasts."""
    network: Weights | None = None
    """Of the network that enlarges the pictures, which are framed then and not painted on."""

    def write(self, path: Path, on_frame: OnFrame, made: MadeStretches | None = None) -> "SmartReport":
        """Write the file, with fewer copies than planned where they do not hold; stretches ``made`` before are taken."""
        fault = None
        if self.plan.coding is not None:
            try:
                writer = self._written(self.plan, path, on_frame, made)
            except (NotCopyableError, UntimedError, EncoderFailedError) as reason:
                fault = str(reason)
            else:
                first = self.plan.window.start
                meets = [joint - first for joint in joints(self.plan.stretches)]
                fault = fault_at_joints(path, meets, sorted(writer.shown), self.plan.times.tick)
                if fault is None:
                    return SmartReport(self.plan, writer.concealment.concealed)
            path.unlink(missing_ok=True)
        if fault is None:
            plan, usable = self.plan, made
        else:
            plan, usable = self.plan.without_copies(fault), None
        return SmartReport(plan, self._written(plan, path, on_frame, usable).concealment.concealed, fault)

    def write_stretches(self, run: Run, path: Path, on_frame: OnFrame) -> Concealed:
        """Write the pictures of some of the encoded stretches, and tell what was met."""
        writer = PatchWriter(self._patch(self.plan), PatchSound(), on_frame)
        writer.write_stretches(run, path)
        return writer.concealment.met

    def _written(self, plan: SmartPlan, path: Path, on_frame: OnFrame, made: MadeStretches | None) -> PatchWriter:
        writer = PatchWriter(self._patch(plan), self.sound(), on_frame, made)
        writer.write(path)
        return writer

    def _patch(self, plan: SmartPlan) -> Patch:
        encoding, draw = self._beside(plan, plan.coding) if plan.coding else self._alone(plan)
        stretches = encoder_stretches(plan.times, plan.stretches, self.stretch_s)
        return Patch(plan.times, plan.window, stretches, encoding, draw, plan.coding)

    def _beside(self, plan: SmartPlan, coding: Coding) -> tuple[VideoFormat, Draw]:
        """New pictures are what the source's are, to the pixel."""
        video = plan.times.video
        encoding = VideoFormat(
            size=coding.size,
            fps=video.rate,
            quality=self.quality,
            threads=self.threads,
            clock=plan.times.tick,
            beside=coding.beside,
            brief=plan.encodes_little,
        )
        return encoding, each(painted_as_they_lie(self.paint, Orientation.of(video)))

    def _alone(self, plan: SmartPlan) -> tuple[VideoFormat, Draw]:
        """New pictures are upright, of square pixels, in the colours of every output."""
        video = plan.times.video
        size = self.framing.output if self.framing else even_size(video.displayed)
        encoding = VideoFormat(size, video.rate, self.quality, self.codec, self.threads, plan.times.tick)
        if self.network and self.framing:
            return encoding, enlarged_and_framed(video, self.network, self.framing)
        return encoding, painted_and_framed(video, self.paint, self.framing)


def painted_and_framed(video: VideoInfo, paint: Paint, framing: ClipPlan | None) -> Draw:
    """Draws pictures upright, paints on them, and frames them if they shall be."""
    painted = PaintedPictures(video, paint)
    if framing is None:
        return each(painted.drawn)
    framer = picture_placer(upright(video), framing.output, framing.rotation, framing.pad_color)
    return lambda pictures: framer.drawn(
        Look(framing.placement_at(picture.time), painted.drawn(picture)) for picture in pictures
    )


def enlarged_and_framed(video: VideoInfo, network: Weights, framing: ClipPlan) -> Draw:
    """Draws pictures out of those that a network makes of them."""
    placer = enlarged_placer(framing, video, network)
    return lambda pictures: placer.drawn(
        Look(framing.placement_at(picture.time), picture.frame) for picture in pictures
    )


@dataclass(frozen=True, slots=True)
class SmartReport:
    """How it went: the plan that was carried out, and what was wrong with the one before it, if anything."""

    plan: SmartPlan
    concealed_frames: int
    fault: str | None = None
