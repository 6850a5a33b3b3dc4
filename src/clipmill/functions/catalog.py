"""Every video function, by name. A function is loaded when it is first asked for."""

import difflib
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from clipmill.errors import UnknownJobTypeError

if TYPE_CHECKING:
    # Looking a name up must not cost the import of what a function is.
    from clipmill.function.definition import Function

CATALOG: Mapping[str, str] = {
    "process_video": "clipmill.functions.process_video:process_video",
    "process_framing": "clipmill.functions.framing:process_framing",
    "render_overlay": "clipmill.functions.overlay:render_overlay",
    "extract_clips": "clipmill.functions.extract:extract_clips",
    "apply_upscale": "clipmill.functions.apply_upscale:apply_upscale",
    "preview_frame": "clipmill.functions.preview_frame:preview_frame",
    "plan_multi_clip": "clipmill.functions.multi_clip_plan:plan_multi_clip",
    "process_multi_clip_item": "clipmill.functions.multi_clip_item:process_multi_clip_item",
    "concatenate_clips": "clipmill.functions.concatenate:concatenate_clips",
    "plan_parts": "clipmill.functions.plan_parts:plan_parts",
    "render_part": "clipmill.functions.render_part:render_part",
    "join_parts": "clipmill.functions.join_parts:join_parts",
    "plan_captions": "clipmill.functions.plan_captions:plan_captions",
    "extract_frames_and_ocr": "clipmill.functions.extract_frames_and_ocr:extract_frames_and_ocr",
    "crop_and_infer_caption_frame_extents": (
        "clipmill.functions.crop_and_infer_caption_frame_extents:crop_and_infer_caption_frame_extents"
    ),
    "transcribe_captions": "clipmill.functions.transcribe_captions:transcribe_captions",
    "publish_captions": "clipmill.functions.publish_captions:publish_captions",
    "generate_caption_ocr": "clipmill.functions.generate_caption_ocr:generate_caption_ocr",
    "generate_caption_ocr_batch": "clipmill.functions.generate_caption_ocr_batch:generate_caption_ocr_batch",
    "write_captions": "clipmill.functions.write_captions:write_captions",
}
ALIASES: Mapping[str, str] = {"concatenate_clips_modal": "concatenate_clips"}


def entry_of(name: str, catalog: Mapping[str, str] = CATALOG) -> str:
    """Where a function lies, as ``"module:attribute"``; an unknown name is an error with the nearest known one.

    >>> entry_of("echo", {"echo": "shop:echo"})
    'shop:echo'
    """
    if entry := catalog.get(ALIASES.get(name, name)):
        return entry
    near = difflib.get_close_matches(name, catalog, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(sorted(catalog)) or 'none'}."
    raise UnknownJobTypeError(f"there is no function {name!r:.100}. {hint}")


def load_function(name: str, catalog: Mapping[str, str] = CATALOG) -> "Function[Any]":
    """The function of that name."""
    module, _, attribute = entry_of(name, catalog).partition(":")
    return getattr(import_module(module), attribute)
