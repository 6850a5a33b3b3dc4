"""Requests as they come over the wire: strict JSON, two spellings of every name, typed faults.

Convention: times are exact seconds (`Fraction`) made from the shortest decimal form of the JSON number;
numbers are numbers (no strings, booleans or NaN where a number is due); unknown fields are refused with the
nearest known name; a field given twice under two names must agree.
"""

import difflib
from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer, Strict, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic.functional_validators import PlainValidator
from pydantic.json_schema import WithJsonSchema

from clipmill.errors import BadRequest, ClipmillError, InvalidRequestError
from clipmill.media.time import exact


def _exact_number(value: Any) -> Fraction:
    if isinstance(value, str):
        raise ValueError("expected a JSON number, not text")  # noqa: TRY004 - pydantic collects ValueError
    try:
        return exact(value, "value")
    except InvalidRequestError as fault:
        raise ValueError(fault.message) from None


def _number(value: Any) -> float:
    return float(_exact_number(value))


Seconds = Annotated[
    Fraction,
    PlainValidator(_exact_number),
    PlainSerializer(float, return_type=float, when_used="json"),
    WithJsonSchema({"type": "number", "description": "seconds"}),
]
"""An exact time or duration."""

Factor = Annotated[
    Fraction,
    PlainValidator(_exact_number),
    PlainSerializer(float, return_type=float, when_used="json"),
    WithJsonSchema({"type": "number"}),
]
"""An exact number without a unit."""

Number = Annotated[float, PlainValidator(_number), WithJsonSchema({"type": "number"})]
"""A finite JSON number; text, booleans and NaN are refused."""


Count = Annotated[int, Strict()]
Flag = Annotated[bool, Strict()]
Text = Annotated[str, Strict()]


def _hex_colour(value: str) -> str:
    digits = value.removeprefix("#")
    if len(value) != 7 or len(digits) != 6 or any(digit not in "0123456789abcdefABCDEF" for digit in digits):
        raise ValueError("expected a colour as #RRGGBB")
    return value.upper()


Colour = Annotated[Text, AfterValidator(_hex_colour)]
"""A colour as #RRGGBB."""


class WireModel(BaseModel):
    """A request shape. Subclasses name further spellings, ignored fields and the error of each field."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    aliases: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    ignored: ClassVar[frozenset[str]] = frozenset()
    faults: ClassVar[Mapping[str, type[BadRequest]]] = {}

    @model_validator(mode="before")
    @classmethod
    def _settle_names(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        spellings = cls.spellings()
        settled: dict[str, Any] = {}
        for given, value in data.items():
            name = spellings.get(given)
            if name is None:
                if given in cls.ignored or cls.model_config.get("extra") == "ignore":
                    continue
                raise InvalidRequestError(_unknown_field(str(given), spellings))
            if name in settled and settled[name] != value:
                raise InvalidRequestError(
                    f"{name} is given twice, as {settled[name]!r} and, under the name {given}, as {value!r}; send one",
                )
            settled[name] = value
        return settled

    @classmethod
    def spellings(cls) -> dict[str, str]:
        """Every accepted spelling of every field."""
        known: dict[str, str] = {}
        for name in cls.model_fields:
            for spelling in (name, *cls._further_names(name)):
                known[spelling] = name
                known[to_camel(spelling)] = name
        return known

    @classmethod
    def _further_names(cls, name: str) -> list[str]:
        shapes = [shape for shape in cls.__mro__ if issubclass(shape, WireModel)]
        return [spelling for shape in shapes for spelling in shape.aliases.get(name, ())]

    @classmethod
    def parse(cls, data: Any) -> Self:
        """The typed value of a JSON object, or the typed error of its first fault."""
        try:
            return cls.model_validate(data)
        except ValidationError as fault:
            raise cls._typed(fault) from None

    @classmethod
    def _typed(cls, fault: ValidationError) -> ClipmillError:
        first = fault.errors(include_url=False)[0]
        path = ".".join(str(part) for part in first["loc"]) or cls.__name__
        kinds = [cls.faults[part] for part in first["loc"] if isinstance(part, str) and part in cls.faults]
        index = next((part for part in first["loc"] if isinstance(part, int)), None)
        kind = kinds[0] if kinds else InvalidRequestError
        shown = "" if isinstance(first["input"], Mapping) else f", got {first['input']!r}"
        return kind(
            f"{path}: {first['msg']}{shown}", details={"field": path} | ({} if index is None else {"index": index})
        )


def _unknown_field(given: str, spellings: Mapping[str, str]) -> str:
    near = difflib.get_close_matches(given, spellings, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"known fields: {', '.join(sorted(set(spellings.values())))}"
    return f"unknown field {given!r}; {hint}"


def at_least(low: Fraction | float) -> AfterValidator:
    """A bound that says what was expected and what came."""

    def check(value: Any) -> Any:
        if value < low:
            raise ValueError(f"expected at least {float(low):g}, got {float(value):g}")
        return value

    return AfterValidator(check)


def between(low: Fraction | float, high: Fraction | float) -> AfterValidator:
    """A closed range that says what was expected and what came."""

    def check(value: Any) -> Any:
        if not low <= value <= high:
            raise ValueError(f"expected {float(low):g}..{float(high):g}, got {float(value):g}")
        return value

    return AfterValidator(check)
