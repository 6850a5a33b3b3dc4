"""What becomes of the rows of captions.db: when a new run is published, and when a person saves an extent.

*Convention:* ranges of frames are half-open. A plan names rows by id; it is carried out in the order deleted, changed,
inserted, so that rows never overlap on the way.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from clipmill.errors import InvalidParameterError
from clipmill.media.captions.boundaries import PredictedCaption


class ExtentState(StrEnum):
    """What is known about where a caption begins and ends."""

    PREDICTED = "predicted"
    CONFIRMED = "confirmed"
    GAP = "gap"
    ISSUE = "issue"


@dataclass(frozen=True, slots=True)
class CaptionRow:
    """What decides about a row."""

    id: str
    start_frame: int
    end_frame: int
    state: ExtentState = ExtentState.PREDICTED
    extents_pending: bool = True
    text_pending: bool = True
    cropped_frames_version: int | None = None

    @property
    def protected(self) -> bool:
        """Whether a person has had a hand in it: no run changes it then."""
        return self.state is not ExtentState.PREDICTED or not self.extents_pending or not self.text_pending


@dataclass(frozen=True, slots=True)
class PublishPlan:
    """What becomes of each row when a run is published."""

    deleted: tuple[str, ...]
    kept: tuple[str, ...]
    """Rows that stay with everything they have."""
    renewed: tuple[str, ...]
    """Rows of an older version that keep their id, belong to the new version from now on, and are read again."""
    inserted: tuple[PredictedCaption, ...]
    protected: tuple[str, ...]

    def counts(self) -> dict[str, int]:
        """How many rows were inserted, kept with their id, deleted, and out of reach."""
        return {
            "inserted": len(self.inserted),
            "kept": len(self.kept) + len(self.renewed),
            "deleted": len(self.deleted),
            "protected": len(self.protected),
        }


def plan_publishing(
    rows: Sequence[CaptionRow],
    predictions: Iterable[PredictedCaption],
    version: int,
    min_caption_frames: int = 1,
) -> PublishPlan:
    """What publishing the predictions of a version does to the rows there are."""
    protected = [row for row in rows if row.protected]
    pieces = [piece for piece in _pieces(predictions, protected) if _length(piece) >= min_caption_frames]
    wanted = {(piece.start_frame, piece.end_frame) for piece in pieces}
    loose = [row for row in rows if not row.protected]
    staying = [row for row in loose if (row.start_frame, row.end_frame) in wanted]
    standing = {(row.start_frame, row.end_frame) for row in staying}
    return PublishPlan(
        deleted=tuple(row.id for row in loose if (row.start_frame, row.end_frame) not in wanted),
        kept=tuple(row.id for row in staying if row.cropped_frames_version == version),
        renewed=tuple(row.id for row in staying if row.cropped_frames_version != version),
        inserted=tuple(piece for piece in pieces if (piece.start_frame, piece.end_frame) not in standing),
        protected=tuple(row.id for row in protected),
    )


def _pieces(predictions: Iterable[PredictedCaption], protected: Iterable[CaptionRow]) -> Iterator[PredictedCaption]:
    """What is left of each prediction beside the protected rows, with the confidence of the whole."""
    taken = sorted((row.start_frame, row.end_frame) for row in protected)
    for whole in predictions:
        start = whole.start_frame
        for first, end in taken:
            if end > start and first < whole.end_frame:
                if first > start:
                    yield PredictedCaption(start, first, whole.confidence)
                start = end
        if start < whole.end_frame:
            yield PredictedCaption(start, whole.end_frame, whole.confidence)


def _length(caption: PredictedCaption) -> int:
    return caption.end_frame - caption.start_frame


@dataclass(frozen=True, slots=True)
class ChangedExtent:
    """A row and the frames that it has from now on."""

    id: str
    start_frame: int
    end_frame: int


@dataclass(frozen=True, slots=True)
class ExtentPlan:
    """What becomes of the rows around an extent that a person saves; every changed and every split row is pending."""

    deleted: tuple[str, ...]
    changed: tuple[ChangedExtent, ...]
    """Rows that lose frames."""
    split: tuple[ChangedExtent, ...]
    """Copies, under an id of their own, of the rows named: what such a row had behind the saved extent."""


def plan_saving(rows: Iterable[CaptionRow], start_frame: int, end_frame: int, saved: str | None = None) -> ExtentPlan:
    """What makes room for [start_frame, end_frame); ``saved`` is the row that gets it, if it exists already.

    >>> plan_saving([CaptionRow("a", 10, 21)], 14, 17).changed
    (ChangedExtent(id='a', start_frame=10, end_frame=14),)
    """
    if not 0 <= start_frame < end_frame:
        raise InvalidParameterError(
            f"start_frame, end_frame: expected 0 <= start_frame < end_frame, got {start_frame} and {end_frame}. "
            "Ends are exclusive.",
            details={"start_frame": start_frame, "end_frame": end_frame},
        )
    met = [row for row in rows if row.id != saved and row.start_frame < end_frame and start_frame < row.end_frame]
    before = [ChangedExtent(row.id, row.start_frame, start_frame) for row in met if row.start_frame < start_frame]
    behind = [ChangedExtent(row.id, end_frame, row.end_frame) for row in met if row.end_frame > end_frame]
    trimmed_before = {one.id for one in before}
    left = trimmed_before | {one.id for one in behind}
    return ExtentPlan(
        deleted=tuple(row.id for row in met if row.id not in left),
        changed=(*before, *(one for one in behind if one.id not in trimmed_before)),
        split=tuple(one for one in behind if one.id in trimmed_before),
    )
