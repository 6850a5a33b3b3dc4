"""Every video function, by name. A function is loaded when it is first asked for."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from clipmill.errors import InvalidRequestError
from clipmill.function.definition import Function

CATALOG: Mapping[str, str] = {
    "process_video": "clipmill.functions.process_video:process_video",
    "process_framing": "clipmill.functions.framing:process_framing",
    "preview_frame": "clipmill.functions.preview_frame:preview_frame",
    "plan_multi_clip": "clipmill.functions.multi_clip_plan:plan_multi_clip",
    "process_multi_clip_item": "clipmill.functions.multi_clip_item:process_multi_clip_item",
    "concatenate_clips": "clipmill.functions.concatenate:concatenate_clips",
}
ALIASES: Mapping[str, str] = {"concatenate_clips_modal": "concatenate_clips"}


def load_function(name: str, catalog: Mapping[str, str] = CATALOG) -> Function[Any]:
    """The function of that name; an unknown name is an error that lists the known ones."""
    place = catalog.get(ALIASES.get(name, name))
    if place is None:
        raise InvalidRequestError(f"unknown function {name!r}; known functions: {', '.join(catalog)}")
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute)
