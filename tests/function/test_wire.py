from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmill.errors import ClipmillError, InvalidKeyframeError, InvalidRequestError
from clipmill.function.wire import Count, Flag, Number, Seconds, Text, WireModel, at_least, between

NOT_NUMBERS = [True, False, "1", "", None, float("nan"), float("inf"), float("-inf"), [1], {}]


class Part(WireModel):
    aliases: ClassVar[Mapping[str, tuple[str, ...]]] = {"start_time": ("begin", "from_here")}
    ignored = frozenset({"label"})

    start_time: Seconds
    half_width: Number = 1.5
    is_on: Flag = True
    rounds: Count = 3
    title: Text = "none"


class Whole(WireModel):
    faults: ClassVar = {"parts": InvalidKeyframeError}

    parts: tuple[Part, ...] = ()
    speed: Annotated[Seconds, between(Fraction(1, 2), 2)] = Fraction(1)
    delay: Annotated[Seconds, at_least(0)] = Fraction(0)


def refusal(model: type[WireModel], data) -> ClipmillError:
    with pytest.raises(ClipmillError) as told:
        model.parse(data)
    return told.value


def test_camel_case_is_the_same_as_snake_case():
    snake = {"start_time": 1, "half_width": 2, "is_on": False, "rounds": 1, "title": "a"}
    camel = {"startTime": 1, "halfWidth": 2, "isOn": False, "rounds": 1, "title": "a"}
    assert Part.parse(snake) == Part.parse(camel)


@pytest.mark.parametrize("name", ["start_time", "startTime", "begin", "from_here", "fromHere"])
def test_every_spelling_of_a_field_is_understood(name):
    assert Part.parse({name: 4}).start_time == 4


@pytest.mark.parametrize(
    ("given", "nearest"), [("start_tme", "start_time"), ("HalfWidth", "halfWidth"), ("titel", "title")]
)
def test_an_unknown_field_is_refused_with_the_nearest_known_name(given, nearest):
    told = refusal(Part, {"start_time": 0, given: 1})
    assert type(told) is InvalidRequestError
    assert f"unknown field {given!r}; did you mean {nearest}?" in told.message


def test_a_field_like_no_other_is_refused_with_all_known_names():
    told = refusal(Part, {"start_time": 0, "zzzzzz": 1}).message
    assert all(name in told for name in ("start_time", "half_width", "is_on", "rounds", "title"))


def test_an_unknown_field_deep_inside_is_refused_too():
    assert "did you mean rounds?" in refusal(Whole, {"parts": [{"start_time": 0, "round": 1}]}).message


def test_ignored_fields_are_accepted_and_forgotten():
    assert Part.parse({"start_time": 0, "label": {"any": "thing"}}) == Part.parse({"start_time": 0})


def test_a_field_given_twice_must_agree():
    assert Part.parse({"start_time": 1, "startTime": 1, "begin": 1.0}).start_time == 1
    told = refusal(Part, {"start_time": 1, "begin": 2})
    assert "start_time is given twice" in told.message
    assert "begin" in told.message


@pytest.mark.parametrize("value", NOT_NUMBERS, ids=repr)
@pytest.mark.parametrize("name", ["start_time", "half_width"])
def test_only_a_finite_number_is_a_number(name, value):
    told = refusal(Part, {"start_time": 0} | {name: value})
    assert type(told) is InvalidRequestError
    assert told.details["field"] == name


@pytest.mark.parametrize("value", ["true", 1, 0, None, "yes"])
def test_only_a_boolean_is_a_boolean(value):
    assert refusal(Part, {"start_time": 0, "is_on": value}).details == {"field": "is_on"}


@pytest.mark.parametrize("value", [1.5, "3", True, None])
def test_only_a_whole_number_is_a_count(value):
    assert refusal(Part, {"start_time": 0, "rounds": value}).details == {"field": "rounds"}


@pytest.mark.parametrize("value", [1, None, ["a"]])
def test_only_text_is_text(value):
    assert refusal(Part, {"start_time": 0, "title": value}).details == {"field": "title"}


def test_a_number_becomes_exact_by_its_shortest_decimal_form():
    assert Part.parse({"start_time": 0.1}).start_time == Fraction(1, 10)
    assert Part.parse({"start_time": 1e-7}).start_time == Fraction(1, 10**7)


@given(st.decimals(-10_000, 10_000, places=6))
def test_six_decimals_are_kept_exactly(value):
    assert Part.parse({"start_time": float(value)}).start_time == Fraction(value)


def test_explicit_zero_and_false_are_values():
    part = Part.parse({"start_time": 0, "half_width": 0, "is_on": False, "rounds": 0, "title": ""})
    assert (part.start_time, part.half_width, part.is_on, part.rounds, part.title) == (0, 0, False, 0, "")


def test_what_is_missing_has_its_default():
    part = Part.parse({"start_time": 2})
    assert (part.half_width, part.is_on, part.rounds, part.title) == (1.5, True, 3, "none")


def test_a_missing_field_is_named():
    assert refusal(Part, {}).details == {"field": "start_time"}


def test_a_fault_in_a_list_tells_its_place_and_has_the_error_of_its_field():
    told = refusal(Whole, {"parts": [{"start_time": 0}, {"start_time": "x"}]})
    assert type(told) is InvalidKeyframeError
    assert told.details == {"field": "parts.1.start_time", "index": 1}
    assert "'x'" in told.message


@pytest.mark.parametrize("speed", [0.5, 1, 2])
def test_both_ends_of_a_range_are_inside(speed):
    assert Whole.parse({"speed": speed}).speed == Fraction(str(speed))


@pytest.mark.parametrize(
    ("asked", "told"),
    [({"speed": 0.4}, "0.5..2, got 0.4"), ({"speed": 2.1}, "got 2.1"), ({"delay": -1}, "at least 0, got -1")],
)
def test_a_value_out_of_range_is_refused_with_the_range(asked, told):
    assert told in refusal(Whole, asked).message


@pytest.mark.parametrize("data", [None, [], "text", 3])
def test_a_request_is_an_object(data):
    assert type(refusal(Whole, data)) is InvalidRequestError


def test_a_request_reads_back_from_its_own_json():
    whole = Whole.parse({"parts": [{"start_time": 0.1, "label": 1}], "speed": 1.25})
    assert Whole.parse(whole.model_dump(mode="json")) == whole


def test_a_request_cannot_be_changed():
    with pytest.raises(Exception, match="frozen"):
        Part.parse({"start_time": 0}).rounds = 5


def test_the_schema_tells_numbers_as_numbers():
    properties = Part.model_json_schema()["properties"]
    assert [properties[name]["type"] for name in ("start_time", "half_width", "is_on", "rounds", "title")] == [
        "number",
        "number",
        "boolean",
        "integer",
        "string",
    ]
