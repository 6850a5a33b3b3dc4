"""The SQLite files of a captioned video: what each is called, which version of its form is written, and its tables.

Convention: probabilities, confidences and coordinates are 0..1; frame ranges are half-open; timestamps are UTC,
``YYYY-MM-DDTHH:MM:SS.sssZ``. The statements are the contract with everyone who opens the files: never edit one
without a new version.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Schema:
    """The form of one kind of file."""

    name: str
    version: int
    statements: str


METADATA = """
CREATE TABLE database_metadata (id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1), schema_name TEXT NOT NULL DEFAULT '',
  schema_version INTEGER NOT NULL DEFAULT 1, coord_space TEXT NOT NULL DEFAULT 'fraction-top-left', frame_rate REAL NOT NULL DEFAULT 10,
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')), migrated_at TEXT, last_fence INTEGER NOT NULL DEFAULT 0);
"""

RAW_OCR = Schema(
    "raw-ocr",
    2,
    """
CREATE TABLE ocr_frames (frame_index INTEGER PRIMARY KEY NOT NULL CHECK (frame_index >= 0), timestamp_seconds REAL NOT NULL, status TEXT NOT NULL CHECK (status IN ('text','empty','failed')),
  attempts INTEGER NOT NULL DEFAULT 1, box_count INTEGER NOT NULL DEFAULT 0, engine TEXT NOT NULL DEFAULT '', engine_version TEXT NOT NULL DEFAULT '', error_code TEXT, error TEXT,
  CHECK ((status = 'failed') = (error IS NOT NULL)), CHECK ((status = 'text') = (box_count > 0)));
CREATE TABLE full_frame_ocr (id INTEGER PRIMARY KEY AUTOINCREMENT, frame_index INTEGER NOT NULL REFERENCES ocr_frames(frame_index), box_index INTEGER NOT NULL CHECK (box_index >= 0),
  text TEXT NOT NULL, confidence REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1), bbox_left REAL NOT NULL CHECK (bbox_left >= 0), bbox_top REAL NOT NULL CHECK (bbox_top >= 0),
  bbox_right REAL NOT NULL CHECK (bbox_right <= 1), bbox_bottom REAL NOT NULL CHECK (bbox_bottom <= 1), polygon_json TEXT, words_json TEXT, chars_json TEXT,
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')), UNIQUE (frame_index, box_index), CHECK (bbox_left < bbox_right), CHECK (bbox_top < bbox_bottom));
CREATE INDEX idx_full_frame_ocr_frame ON full_frame_ocr (frame_index);
""",
)

LAYOUT = Schema(
    "layout",
    2,
    """
CREATE TABLE boxes (frame_index INTEGER NOT NULL, box_index INTEGER NOT NULL, bbox_left REAL NOT NULL DEFAULT 0, bbox_top REAL NOT NULL DEFAULT 0, bbox_right REAL NOT NULL DEFAULT 1,
  bbox_bottom REAL NOT NULL DEFAULT 1, text TEXT NOT NULL DEFAULT '', confidence REAL NOT NULL DEFAULT 0 CHECK (confidence BETWEEN 0 AND 1), label TEXT CHECK (label IN ('in','out')),
  label_updated_at TEXT, predicted_label TEXT CHECK (predicted_label IN ('in','out')), predicted_confidence REAL CHECK (predicted_confidence BETWEEN 0 AND 1), predicted_reason TEXT,
  stale INTEGER NOT NULL DEFAULT 0 CHECK (stale IN (0,1)), PRIMARY KEY (frame_index, box_index),
  CHECK (bbox_left >= 0 AND bbox_left < bbox_right AND bbox_right <= 1), CHECK (bbox_top >= 0 AND bbox_top < bbox_bottom AND bbox_bottom <= 1)) WITHOUT ROWID;
CREATE TABLE layout_config (id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1), frame_width INTEGER NOT NULL DEFAULT 0, frame_height INTEGER NOT NULL DEFAULT 0, crop_left REAL NOT NULL DEFAULT 0,
  crop_top REAL NOT NULL DEFAULT 0, crop_right REAL NOT NULL DEFAULT 1, crop_bottom REAL NOT NULL DEFAULT 1, crop_region_version INTEGER NOT NULL DEFAULT 0,
  crop_source TEXT NOT NULL DEFAULT 'default' CHECK (crop_source IN ('default','auto','user')), selection_left REAL, selection_top REAL, selection_right REAL, selection_bottom REAL,
  anchor_type TEXT CHECK (anchor_type IN ('left','center','right')), anchor_position REAL CHECK (anchor_position BETWEEN 0 AND 1), vertical_center REAL, vertical_std REAL, box_height REAL,
  box_height_std REAL, top_edge_std REAL, bottom_edge_std REAL, line_count INTEGER NOT NULL DEFAULT 0, layout_score REAL CHECK (layout_score BETWEEN 0 AND 1), layout_warning TEXT,
  analysis_version TEXT NOT NULL DEFAULT '', updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  CHECK (crop_left >= 0 AND crop_left < crop_right AND crop_right <= 1), CHECK (crop_top >= 0 AND crop_top < crop_bottom AND crop_bottom <= 1));
CREATE TABLE preferences (id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1), layout_approved INTEGER NOT NULL DEFAULT 0 CHECK (layout_approved IN (0,1)));
""",
)

EXTENTS = Schema(
    "extents",
    2,
    """
CREATE TABLE run_metadata (run_id TEXT PRIMARY KEY NOT NULL, cropped_frames_version INTEGER NOT NULL CHECK (cropped_frames_version >= 1),
  frame_count INTEGER NOT NULL CHECK (frame_count >= 1), total_pairs INTEGER NOT NULL CHECK (total_pairs = frame_count - 1), frame_rate REAL NOT NULL DEFAULT 10, crop_region TEXT NOT NULL,
  model_name TEXT NOT NULL, model_version TEXT NOT NULL, model_sha256 TEXT NOT NULL DEFAULT '', started_at TEXT NOT NULL, completed_at TEXT NOT NULL, processing_time_seconds REAL NOT NULL);
CREATE TABLE pair_results (id INTEGER PRIMARY KEY, frame1_index INTEGER NOT NULL CHECK (frame1_index >= 0), frame2_index INTEGER NOT NULL,
  forward_predicted_label TEXT NOT NULL CHECK (forward_predicted_label IN ('same','different','empty_empty','empty_valid','valid_empty')), forward_confidence REAL NOT NULL CHECK (forward_confidence BETWEEN 0 AND 1),
  forward_prob_same REAL NOT NULL CHECK (forward_prob_same BETWEEN 0 AND 1), forward_prob_different REAL NOT NULL CHECK (forward_prob_different BETWEEN 0 AND 1),
  forward_prob_empty_empty REAL NOT NULL CHECK (forward_prob_empty_empty BETWEEN 0 AND 1), forward_prob_empty_valid REAL NOT NULL CHECK (forward_prob_empty_valid BETWEEN 0 AND 1), forward_prob_valid_empty REAL NOT NULL CHECK (forward_prob_valid_empty BETWEEN 0 AND 1),
  backward_predicted_label TEXT NOT NULL CHECK (backward_predicted_label IN ('same','different','empty_empty','empty_valid','valid_empty')), backward_confidence REAL NOT NULL CHECK (backward_confidence BETWEEN 0 AND 1),
  backward_prob_same REAL NOT NULL CHECK (backward_prob_same BETWEEN 0 AND 1), backward_prob_different REAL NOT NULL CHECK (backward_prob_different BETWEEN 0 AND 1),
  backward_prob_empty_empty REAL NOT NULL CHECK (backward_prob_empty_empty BETWEEN 0 AND 1), backward_prob_empty_valid REAL NOT NULL CHECK (backward_prob_empty_valid BETWEEN 0 AND 1), backward_prob_valid_empty REAL NOT NULL CHECK (backward_prob_valid_empty BETWEEN 0 AND 1),
  processing_time_ms REAL, UNIQUE (frame1_index, frame2_index), CHECK (frame2_index = frame1_index + 1));
CREATE TABLE predicted_captions (caption_index INTEGER PRIMARY KEY NOT NULL CHECK (caption_index >= 1), start_frame INTEGER NOT NULL CHECK (start_frame >= 0),
  end_frame INTEGER NOT NULL, confidence REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1), CHECK (end_frame > start_frame));
""",
)

CAPTIONS = Schema(
    "captions",
    3,
    """
CREATE TABLE captions (id TEXT PRIMARY KEY NOT NULL, start_frame INTEGER NOT NULL DEFAULT 0, end_frame INTEGER NOT NULL DEFAULT 1, cropped_frames_version INTEGER, run_id TEXT,
  caption_frame_extents_state TEXT NOT NULL DEFAULT 'predicted' CHECK (caption_frame_extents_state IN ('predicted','confirmed','gap','issue')),
  caption_frame_extents_pending INTEGER NOT NULL DEFAULT 1 CHECK (caption_frame_extents_pending IN (0,1)), extents_confidence REAL CHECK (extents_confidence BETWEEN 0 AND 1),
  caption_frame_extents_updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')), text TEXT, text_pending INTEGER NOT NULL DEFAULT 1 CHECK (text_pending IN (0,1)),
  text_status TEXT CHECK (text_status IN ('valid_caption','ocr_error','partial_caption','text_unclear','other_issue')), text_notes TEXT,
  text_updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')), image_needs_regen INTEGER NOT NULL DEFAULT 0 CHECK (image_needs_regen IN (0,1)),
  caption_ocr TEXT, caption_ocr_confidence REAL CHECK (caption_ocr_confidence BETWEEN 0 AND 1), caption_ocr_frame_count INTEGER, caption_ocr_engine TEXT,
  caption_ocr_status TEXT NOT NULL DEFAULT 'queued' CHECK (caption_ocr_status IN ('queued','processing','ready','error')), caption_ocr_error TEXT, caption_ocr_processed_at TEXT,
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')), CHECK (start_frame >= 0 AND end_frame > start_frame),
  CHECK ((caption_ocr_status = 'error') = (caption_ocr_error IS NOT NULL)));
CREATE INDEX idx_captions_extent ON captions (start_frame, end_frame);
CREATE TRIGGER captions_no_overlap_insert BEFORE INSERT ON captions WHEN EXISTS (SELECT 1 FROM captions c WHERE c.id <> NEW.id
  AND c.start_frame < NEW.end_frame AND NEW.start_frame < c.end_frame) BEGIN SELECT RAISE(ABORT, 'caption overlap'); END;
CREATE TRIGGER captions_no_overlap_update BEFORE UPDATE OF start_frame, end_frame ON captions WHEN EXISTS (SELECT 1 FROM captions c WHERE c.id <> NEW.id
  AND c.start_frame < NEW.end_frame AND NEW.start_frame < c.end_frame) BEGIN SELECT RAISE(ABORT, 'caption overlap'); END;
CREATE VIEW captions_inclusive AS SELECT id, start_frame AS start_frame_index, end_frame - 1 AS end_frame_index, caption_frame_extents_state, text, caption_ocr FROM captions;
""",
)
