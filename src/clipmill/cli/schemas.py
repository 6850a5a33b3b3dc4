"""JSON schemas of the functions, made from their models."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, get_type_hints

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from clipmill.cli.workflows import WORKFLOWS
from clipmill.function.results import Result
from clipmill.functions.catalog import entry_of, load_function


class _WireSchema(GenerateJsonSchema):
    """Defaults as they look on the wire, where exact times are numbers."""

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, Fraction):
            return int(dft) if dft.denominator == 1 else float(dft)
        return super().encode_default(dft)


def schemas_of(name: str, catalogue: Mapping[str, str]) -> dict[str, Any]:
    """Name, summary, and the schemas of request and result of a function or workflow."""
    workflow = WORKFLOWS.get(name)
    known = dict(catalogue) | {each: each for each in WORKFLOWS}
    entry = entry_of(workflow.planner if workflow else name, known)
    function = load_function(name, {name: entry})
    return {
        "function": name,
        "summary": workflow.summary if workflow else function.summary,
        "request": function.request.model_json_schema(schema_generator=_WireSchema),
        "result": _schema(Result if workflow else get_type_hints(function.run).get("return")),
    }


def _schema(result: Any) -> dict[str, Any]:
    """The schema of a result; functions without a model of theirs answer with any object."""
    if isinstance(result, type) and issubclass(result, BaseModel):
        return result.model_json_schema(mode="serialization", schema_generator=_WireSchema)
    return {"type": "object"}
