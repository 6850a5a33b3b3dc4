"""JSON schemas of what functions take and return, made from their models."""

from fractions import Fraction
from typing import Any, get_type_hints

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from clipmill.function.definition import Function


class _WireSchema(GenerateJsonSchema):
    """Defaults as they look on the wire, where exact times are numbers."""

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, Fraction):
            return int(dft) if dft.denominator == 1 else float(dft)
        return super().encode_default(dft)


def request_schema(function: Function[Any]) -> dict[str, Any]:
    """What the function takes."""
    return function.request.model_json_schema(schema_generator=_WireSchema)


def result_schema(function: Function[Any]) -> dict[str, Any]:
    """What the function returns."""
    return schema_of_result(get_type_hints(function.run).get("return"))


def schema_of_result(result: Any) -> dict[str, Any]:
    """The schema of a result; functions without a model of theirs answer with any object."""
    if isinstance(result, type) and issubclass(result, BaseModel):
        return result.model_json_schema(mode="serialization", schema_generator=_WireSchema)
    return {"type": "object"}
