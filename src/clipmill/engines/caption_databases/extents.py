"""caption_frame_extents.db: what the pair model said in one run, and the captions that follow from it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from clipmill.engines.caption_databases.cells import as_json, from_json, share
from clipmill.engines.caption_databases.database import Stamp, metadata_of, new_database, open_database, timestamp
from clipmill.engines.caption_databases.schema import EXTENTS
from clipmill.errors import CorruptArtifactError
from clipmill.media.captions.boundaries import PredictedCaption
from clipmill.media.captions.manifest import ModelFacts
from clipmill.media.captions.pairs import LABELS, Vector, predicted
from clipmill.media.captions.region import CropRegion

_RUN = "INSERT INTO run_metadata VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_PAIR = f"INSERT INTO pair_results VALUES ({', '.join('?' * 18)})"  # noqa: S608
_CAPTION = "INSERT INTO predicted_captions VALUES (?, ?, ?, ?)"
_PROBABILITIES = [f"{way}_prob_{label}" for way in ("forward", "backward") for label in LABELS]


@dataclass(frozen=True, slots=True)
class ExtentsRun:
    """One run of a pair model over the frames of one version."""

    run_id: str
    version: int
    frame_count: int
    frame_rate: Fraction
    crop_region: CropRegion
    model: ModelFacts
    started_at: datetime
    completed_at: datetime
    fence: int = 0
    """The lock under which it was made."""

    @property
    def seconds(self) -> float:
        return (self.completed_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Extents:
    """What one file tells."""

    run_id: str
    version: int
    frame_count: int
    frame_rate: float
    crop_region: CropRegion
    captions: tuple[PredictedCaption, ...]
    forward: tuple[Vector, ...]
    backward: tuple[Vector, ...]


def write_extents(
    path: Path,
    run: ExtentsRun,
    forward: Iterable[Vector],
    backward: Iterable[Vector],
    captions: Sequence[PredictedCaption],
) -> None:
    """Write the checked vectors of every pair in both directions, and the captions in order."""
    stamp = Stamp(run.frame_rate, timestamp(run.completed_at), run.fence)
    with new_database(path, EXTENTS, stamp) as connection:
        connection.execute(_RUN, _run_cells(run))
        connection.executemany(_PAIR, _pair_cells(forward, backward))
        connection.executemany(
            _CAPTION,
            ((at, one.start_frame, one.end_frame, share(one.confidence)) for at, one in enumerate(captions, 1)),
        )


def read_extents(path: Path) -> Extents:
    """The run of a file, its pairs and its captions."""
    with open_database(path, EXTENTS) as connection:
        runs = connection.execute(
            "SELECT run_id, cropped_frames_version, frame_count, frame_rate, crop_region FROM run_metadata"
        ).fetchall()
        if len(runs) != 1:
            raise CorruptArtifactError(f"{path.name}: expected one run, found {len(runs)}. Infer the extents again.")
        ((run_id, version, frame_count, frame_rate, region),) = runs
        captions = connection.execute(
            "SELECT start_frame, end_frame, confidence FROM predicted_captions ORDER BY caption_index"
        ).fetchall()
        pairs = connection.execute(
            f"SELECT {', '.join(_PROBABILITIES)} FROM pair_results ORDER BY frame1_index"  # noqa: S608
        ).fetchall()
    return Extents(
        run_id,
        version,
        frame_count,
        frame_rate,
        CropRegion.from_json(from_json(region)),
        tuple(PredictedCaption(*cells) for cells in captions),
        tuple(cells[: len(LABELS)] for cells in pairs),
        tuple(cells[len(LABELS) :] for cells in pairs),
    )


def last_fence(path: Path) -> int:
    """The lock under which a file was written."""
    with open_database(path, EXTENTS) as connection:
        return metadata_of(connection).get("last_fence", 0)


def _run_cells(run: ExtentsRun) -> tuple[Any, ...]:
    times = timestamp(run.started_at), timestamp(run.completed_at), run.seconds
    model = run.model.name, run.model.version, run.model.sha256
    frames = run.version, run.frame_count, run.frame_count - 1, float(run.frame_rate)
    return (run.run_id, *frames, as_json(run.crop_region.to_json()), *model, *times)


def _pair_cells(forward: Iterable[Vector], backward: Iterable[Vector]) -> Iterator[tuple[Any, ...]]:
    for index, (ahead, back) in enumerate(zip(forward, backward, strict=True)):
        # How long a pair took depends on the size of its batch, and the rows must not.
        yield (index + 1, index, index + 1, *_reading(ahead), *_reading(back), None)


def _reading(vector: Vector) -> tuple[Any, ...]:
    label, confidence = predicted(vector)
    return (label.value, share(confidence), *map(share, vector))
