import io
import json
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cli.shell import clipmill, request_file
from tests.jobs.sample_functions import CATALOGUE

from clipmill.cli.requests import MOST_BYTES, read_request, with_settings
from clipmill.errors import InvalidRequestError, LimitExceededError, SourceMissingError

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_a_file_is_read_with_and_without_a_byte_order_mark(tmp_path: Path):
    path = tmp_path / "a.json"
    for encoding in ("utf-8", "utf-8-sig"):
        path.write_text('{"text": "ä"}', encoding=encoding)
        assert read_request(str(path)) == {"text": "ä"}


def test_a_dash_reads_stdin():
    said = clipmill("run", "echo", "--request", "-", "--json", catalogue=CATALOGUE, stdin='{"text": "from a pipe"}')
    assert said.json["text"] == "from a pipe"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1,\n "b" 2}', "line 2, column 6"),
        ('{"a": NaN}', "NaN is no JSON number"),
        ('{"a": 1, "a": 2}', "'a' stands there twice"),
        ("[1, 2]", "expected a JSON object {...}, got list"),
        ("", "line 1, column 1"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_what_is_no_request_is_refused_with_its_place(tmp_path: Path, text: str, words: str):
    path = request_file(tmp_path, text)
    with pytest.raises(InvalidRequestError) as caught:
        read_request(str(path))
    assert str(path) in caught.value.message
    assert words in caught.value.message


def test_bytes_that_are_no_text_are_refused(tmp_path: Path):
    path = tmp_path / "a.json"
    path.write_bytes(b'{"a": "\xff"}')
    with pytest.raises(InvalidRequestError, match="UTF-8"):
        read_request(str(path))


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(SourceMissingError, match="nowhere"):
        read_request(str(tmp_path / "nowhere.json"))


def test_more_json_than_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch):
    class Flood:
        buffer = io.BytesIO(b" " * (MOST_BYTES + 1))

    monkeypatch.setattr(sys, "stdin", Flood())
    with pytest.raises(LimitExceededError):
        read_request("-")


@given(PLAIN)
def test_any_json_value_can_be_set(value: Any):
    assert with_settings({}, [f"a.b={json.dumps(value)}"]) == {"a": {"b": value}}


@given(st.text(st.characters(codec="utf-8", categories=["L", "Z"]), min_size=1).filter(lambda text: not is_json(text)))
def test_a_value_that_is_no_json_is_text(text: str):
    assert with_settings({}, [f"a={text}"]) == {"a": text}


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def test_a_text_may_hold_the_sign_of_a_setting():
    assert with_settings({}, ["a=b=c"]) == {"a": "b=c"}


def test_the_last_of_several_settings_counts():
    assert with_settings({"a": 0}, ["a=1", "a=2"]) == {"a": 2}


def test_settings_leave_the_given_request_alone():
    request = {"clips": [{"name": "a"}]}
    with_settings(request, ["clips.0.name=b"])
    assert request == {"clips": [{"name": "a"}]}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("fps", "expected KEY=VALUE"),
        ("a..b=1", "expected KEY=VALUE"),
        ("clips.1.name=b", "1 is no item of a list of 1"),
        ("clips.first.name=b", "first is no item of a list of 1"),
        ("clips.0.name.x=b", "no field x inside of 'a'"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_a_usage_error(setting: str, words: str):
    with pytest.raises(click.UsageError) as caught:
        with_settings({"clips": [{"name": "a"}]}, [setting])
    assert words in caught.value.message


def test_a_setting_that_cannot_be_meant_ends_with_2():
    assert clipmill("run", "echo", "--set", "fps", catalogue=CATALOGUE).code == 2
