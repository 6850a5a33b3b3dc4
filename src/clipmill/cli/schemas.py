"""JSON schemas of the functions and workflows."""

from collections.abc import Mapping
from typing import Any

from clipmill.function.results import Result
from clipmill.functions.catalog import entry_of, load_function
from clipmill.functions.schemas import request_schema, result_schema, schema_of_result
from clipmill.workflows.catalog import WORKFLOWS


def schemas_of(name: str, catalogue: Mapping[str, str]) -> dict[str, Any]:
    """Name, summary, and the schemas of request and result of a function or workflow."""
    workflow = WORKFLOWS.get(name)
    known = dict(catalogue) | {each: each for each in WORKFLOWS}
    entry = entry_of(workflow.planner if workflow else name, known)
    function = load_function(name, {name: entry})
    return {
        "function": name,
        "summary": workflow.summary if workflow else function.summary,
        "request": request_schema(function),
        "result": schema_of_result(Result) if workflow else result_schema(function),
    }
