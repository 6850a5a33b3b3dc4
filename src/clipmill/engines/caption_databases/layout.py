"""layout.db: every text box of the full frames with its labels, the caption band they mean, and what people chose."""

import sqlite3
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from clipmill.engines.caption_databases.cells import coordinate, share
from clipmill.engines.caption_databases.database import Stamp, columns_of, metadata_of, new_database, open_database
from clipmill.engines.caption_databases.schema import LAYOUT
from clipmill.errors import SchemaMismatchError

_SIDES = ("bbox_left", "bbox_top", "bbox_right", "bbox_bottom")
_CROP = ("crop_left", "crop_top", "crop_right", "crop_bottom")


@dataclass(frozen=True, slots=True)
class BoxRow:
    """One box, named as its columns are; ``label`` is a person's word, ``predicted_label`` the analysis'."""

    frame_index: int
    box_index: int
    bbox_left: float
    bbox_top: float
    bbox_right: float
    bbox_bottom: float
    text: str = ""
    confidence: float = 0.0
    label: str | None = None
    label_updated_at: str | None = None
    predicted_label: str | None = None
    predicted_confidence: float | None = None
    predicted_reason: str | None = None
    stale: bool = False


@dataclass(frozen=True, slots=True)
class LayoutConfigRow:
    """Where the captions stand, named as its columns are."""

    frame_width: int = 0
    frame_height: int = 0
    crop_left: float = 0.0
    crop_top: float = 0.0
    crop_right: float = 1.0
    crop_bottom: float = 1.0
    crop_region_version: int = 0
    crop_source: str = "default"
    selection_left: float | None = None
    selection_top: float | None = None
    selection_right: float | None = None
    selection_bottom: float | None = None
    anchor_type: str | None = None
    anchor_position: float | None = None
    vertical_center: float | None = None
    vertical_std: float | None = None
    box_height: float | None = None
    box_height_std: float | None = None
    top_edge_std: float | None = None
    bottom_edge_std: float | None = None
    line_count: int = 0
    layout_score: float | None = None
    layout_warning: str | None = None
    analysis_version: str = ""
    updated_at: str | None = None
    """None means when the file was made."""


@dataclass(frozen=True, slots=True)
class LayoutContent:
    """Everything in a layout.db."""

    boxes: Sequence[BoxRow] = ()
    config: LayoutConfigRow = field(default_factory=LayoutConfigRow)
    layout_approved: bool = False
    last_fence: int = 0


def write_layout(path: Path, content: LayoutContent, stamp: Stamp | None = None) -> None:
    """Write a layout; the fence is the larger one of the content's and the stamp's."""
    given = stamp or Stamp()
    settled = replace(given, last_fence=max(given.last_fence, content.last_fence))
    with new_database(path, LAYOUT, settled) as connection:
        connection.executemany(_insertion("boxes", BoxRow), map(_box_cells, content.boxes))
        config = _config_cells(content.config, settled)
        connection.execute(_insertion("layout_config", LayoutConfigRow, "id"), (*config, 1))
        connection.execute("INSERT INTO preferences VALUES (1, ?)", (int(content.layout_approved),))


def read_layout(path: Path) -> LayoutContent:
    """A layout of this form; a file of an older one is read only as long as nobody labelled a box in it."""
    with open_database(path, LAYOUT) as connection:
        metadata = metadata_of(connection)
        if metadata["schema_version"] < LAYOUT.version:
            _refuse_labels(connection, metadata["schema_version"], path.name)
            return LayoutContent()
        boxes = connection.execute(f"{_selection('boxes', BoxRow)} ORDER BY frame_index, box_index").fetchall()
        config = connection.execute(_selection("layout_config", LayoutConfigRow)).fetchone()
        approved = connection.execute("SELECT layout_approved FROM preferences").fetchone()
        return LayoutContent(
            boxes=[BoxRow(*cells[:-1], stale=bool(cells[-1])) for cells in boxes],
            config=LayoutConfigRow(*config) if config else LayoutConfigRow(),
            layout_approved=bool(approved and approved[0]),
            last_fence=metadata["last_fence"],
        )


def _insertion(table: str, row: type[Any], *more: str) -> str:
    names = [*(column.name for column in fields(row)), *more]
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608


def _selection(table: str, row: type[Any]) -> str:
    return f"SELECT {', '.join(column.name for column in fields(row))} FROM {table}"  # noqa: S608


def _box_cells(box: BoxRow) -> tuple[Any, ...]:
    sides = {side: coordinate(getattr(box, side)) for side in _SIDES}
    shares = {"confidence": share(box.confidence), "predicted_confidence": share(box.predicted_confidence)}
    return astuple(replace(box, **sides, **shares))


def _config_cells(config: LayoutConfigRow, stamp: Stamp) -> tuple[Any, ...]:
    sides = {side: coordinate(getattr(config, side)) for side in _CROP}
    shares = {"anchor_position": share(config.anchor_position), "layout_score": share(config.layout_score)}
    return astuple(replace(config, **sides, **shares, updated_at=config.updated_at or stamp.created_at))


def _refuse_labels(connection: sqlite3.Connection, version: int, name: str) -> None:
    holders = [
        table for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    ]
    for table in holders:
        if "label" not in columns_of(connection, table):
            continue
        if connection.execute(f'SELECT 1 FROM "{table}" WHERE label IS NOT NULL LIMIT 1').fetchone():  # noqa: S608
            raise SchemaMismatchError(
                f"{name}: schema {version} holds labels that schema {LAYOUT.version} cannot take over. "
                "Migrate it with the clipmill that wrote it, or move it away."
            )
