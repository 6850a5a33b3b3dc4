import pytest

from clipmill.errors import InvalidRequestError
from clipmill.function.strict_json import read_object


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"[1]", "expected a JSON object {...}, got list"),
        (b'{"a": NaN}', "NaN is no JSON number"),
        (b'{"a": 1e999}', "1e999 is too large a number"),
        (b'{"a": 1, "a": 2}', "'a' stands there twice"),
        (b'{"a": "\\ud800"}', "surrogates not allowed"),
        (b'{"a": \xff}', "invalid start byte"),
        (b'{"a": }', "line 1, column 7"),
        (b"[" * 100_000, "recursion"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_says_why(data: bytes, why: str):
    with pytest.raises(InvalidRequestError, match=r"^request\.json: ") as refused:
        read_object(data, "request.json")
    assert why in refused.value.message


def test_text_with_a_mark_at_its_start_and_with_whole_escaped_characters_is_read():
    assert read_object('\ufeff{"a": "\\ud83d\\ude00", "b": "\\u00fc"}'.encode(), "body") == {"a": "😀", "b": "ü"}
