import json
import re
from fractions import Fraction
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from tests.docs.pages import GUIDE, Section, code_words, guide_section, rows

from clipmill.function.overlay_shapes import OverlayLook
from clipmill.function.shapes import ClipShape, RenderOptions
from clipmill.functions.catalog import ALIASES, CATALOG, load_function
from clipmill.workflows.catalog import WORKFLOWS

HEADER = "| Field | Default | Meaning |"
REQUESTS = {name: load_function(name).request for name in CATALOG} | {
    name: load_function(workflow.planner).request for name, workflow in WORKFLOWS.items()
}
FRAMING = guide_section("process_framing")
OVERLAY = guide_section("render_overlay")


def request_section(name: str) -> Section:
    """Where the fields of a request are told: a planner takes the request of its workflow."""
    planned = {workflow.planner: workflow_name for workflow_name, workflow in WORKFLOWS.items()}
    return guide_section(planned.get(name, name))


def told(name: str) -> str:
    """All that is written about a request; a framed clip and an overlay are told once, with their own functions."""
    own = request_section(name).text
    if OverlayLook in models(REQUESTS[name]):
        own += OVERLAY.text
    framed = issubclass(REQUESTS[name], ClipShape | RenderOptions)
    return own if not framed or name == "process_framing" else own + FRAMING.text


def fields(text: str) -> dict[str, set[str]]:
    """The defaults that a text tells for each field."""
    found: dict[str, set[str]] = {}
    for names, default, _ in rows(text, HEADER):
        for field in re.findall(r"`(\w+)`", names):
            found.setdefault(field, set()).add(default)
    return found


def models(kind: Any) -> set[type[BaseModel]]:
    """A request and all shapes inside of it."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        inner = (models(field.annotation) for field in kind.model_fields.values())
        return {kind}.union(*inner)
    return set().union(*(models(part) for part in get_args(kind)))


def default_text(field: Any) -> str | None:
    """A default as the pages write it; None where it is a shape, which they put into words."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return None
    if isinstance(value, Fraction | float):
        value = int(value) if value == int(value) else float(value)
    return f"`{json.dumps(value)}`"


@pytest.mark.parametrize("name", REQUESTS)
def test_every_function_and_workflow_has_a_page_that_says_what_it_is(name):
    assert len(guide_section(name).text.split()) > 20


@pytest.mark.parametrize("alias", ALIASES)
def test_every_alias_is_told_with_its_function(alias):
    assert alias in code_words(guide_section(ALIASES[alias]).text)


@pytest.mark.parametrize("name", REQUESTS)
def test_every_field_of_a_request_has_a_row_with_its_default(name):
    rows_of = fields(told(name))
    missing = [
        (field, default_text(kind))
        for field, kind in REQUESTS[name].model_fields.items()
        if field not in rows_of or (default_text(kind) or min(rows_of[field])) not in rows_of[field]
    ]
    assert missing == []


@pytest.mark.parametrize("name", REQUESTS)
def test_every_field_of_the_shapes_inside_a_request_is_told(name):
    known = {field for model in models(REQUESTS[name]) for field in model.model_fields}
    assert known - code_words(told(name)) == set()


@pytest.mark.parametrize("name", REQUESTS)
def test_no_page_tells_a_field_that_is_not_there(name):
    known = {field for model in models(REQUESTS[name]) for field in model.model_fields}
    assert set(fields(request_section(name).text)) - known == set()


def test_no_page_tells_a_function_that_is_not_there():
    told_names = {
        name for page in GUIDE.glob("*.md") for name in re.findall(r"^# (\w+_\w+)$", page.read_text(), re.MULTILINE)
    }
    assert told_names == set(REQUESTS)
