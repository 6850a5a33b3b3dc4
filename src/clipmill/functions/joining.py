"""Which packets of clips can stand side by side in one track, and how a join of them is written."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from clipmill.engines.coded import Coding, NotCopyableError, coding_as
from clipmill.engines.encoders import Codec, VideoFormat, parameter_sets
from clipmill.engines.items import ItemNote, body_headers
from clipmill.engines.join import ClipJoiner
from clipmill.engines.joints import fault_at_joints
from clipmill.engines.parameter_sets import Configuration
from clipmill.errors import EncoderFailedError
from clipmill.function.results import Warn
from clipmill.functions.planning import Source


@dataclass(frozen=True, slots=True)
class ItemCoding:
    """The packets of a clip that was rendered for joining, coded as the output is."""


AnyCoding = Coding | ItemCoding


@dataclass(frozen=True, slots=True)
class Packets:
    """How each clip is coded whose packets are copied, and how the frames beside them are encoded."""

    codings: tuple[AnyCoding | None, ...]
    encoding: VideoFormat
    headers: bytes | None = None

    @property
    def foreign(self) -> bool:
        """Whether packets of files that came from elsewhere are copied."""
        return any(isinstance(coding, Coding) for coding in self.codings)

    def without_foreign(self, encoding: VideoFormat) -> "Packets":
        own = tuple(coding if isinstance(coding, ItemCoding) else None for coding in self.codings)
        return Packets(own, encoding)


def shared_packets(
    sources: Sequence[Source], notes: Sequence[ItemNote | None], frames: Sequence[int], encoding: VideoFormat
) -> Packets:
    """The largest group of clips that are coded alike: as our encoder does where an item is among them."""
    own = parameter_sets(encoding)
    items = [
        note is not None and body_headers(source.media, note) == own
        for source, note in zip(sources, notes, strict=True)
    ]
    known = {id(source): source for source, note in zip(sources, notes, strict=True) if note is None}
    looked = {name: coding_as(source.media, source.video, encoding) for name, source in known.items()}
    codings = [None if note else looked[id(source)] for source, note in zip(sources, notes, strict=True)]
    chosen = Configuration.parse(own) if any(notes) else _most_frames(codings, frames)
    kept = [coding if coding and coding.configuration == chosen else None for coding in codings]
    settled = tuple(ItemCoding() if is_item else coding for is_item, coding in zip(items, kept, strict=True))
    example = next((coding for coding in kept if coding), None)
    if example is None or example.configuration == Configuration.parse(own):
        return Packets(settled, encoding)
    beside = replace(encoding, codec=Codec.X264, beside=example.beside, brief=None not in kept)
    added = Configuration.parse(parameter_sets(beside))
    assert added is not None
    return Packets(settled, beside, example.configuration.beside(added).record)


def write_join(
    joiner_of: Callable[[Packets], ClipJoiner], packets: Packets, path: Path
) -> tuple[ClipJoiner, str | None]:
    """Write a join; where copied packets of other files do not hold, all of those are encoded, and the reason told."""
    joiner, fault = joiner_of(packets), None
    try:
        joiner.write(path)
        if packets.foreign:
            fault = fault_at_joints(path, joiner.joints, range(joiner.join.total_frames), 1 / joiner.join.fps)
    except (NotCopyableError, EncoderFailedError) as reason:
        if not packets.foreign:
            raise
        fault = str(reason)
    if fault is None:
        return joiner, None
    path.unlink(missing_ok=True)
    joiner = joiner_of(packets.without_foreign(replace(packets.encoding, beside=None, brief=False)))
    joiner.write(path)
    return joiner, fault


def join_warnings(fault: str | None) -> list[Warn]:
    """What the caller should know of a join whose copies did not hold."""
    if fault is None:
        return []
    message = f"copying the packets that do not change failed, so all of them were encoded: {fault}"
    return [Warn(code="smart_render_fallback", message=message)]


def _most_frames(codings: Sequence[Coding | None], frames: Sequence[int]) -> Configuration | None:
    counted: Counter[Configuration] = Counter()
    for coding, count in zip(codings, frames, strict=True):
        if coding:
            counted[coding.configuration] += count
    return max(counted, key=counted.__getitem__, default=None)
