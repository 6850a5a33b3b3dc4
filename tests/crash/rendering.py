"""The real functions that are killed here; to import all others as well takes every new process as long again."""

from clipmill.functions.catalog import CATALOG

_NAMES = ("plan_multi_clip", "process_multi_clip_item", "concatenate_clips", "process_framing", "extract_clips")
RENDERING = {name: CATALOG[name] for name in _NAMES}
