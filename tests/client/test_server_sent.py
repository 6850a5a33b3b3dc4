from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmill.client.server_sent import Message, MessageReader
from clipmill.errors import StorageUnavailableError

STREAM = (
    b"retry: 1000\n\nid: 1\nevent: state\ndata: {}\n\n: still here\n\n"
    b"id: 2\r\nevent: log\r\ndata: one\r\ndata:two\r\n\r\ndata: more\n\n"
)
MESSAGES = [Message("1", "state", "{}"), Message("2", "log", "one\ntwo"), Message("2", "message", "more")]


def read(pieces: list[bytes]) -> list[Message]:
    reader = MessageReader()
    return [message for piece in pieces for message in reader.feed(piece)]


def test_comments_and_unknown_fields_are_left_out_and_an_id_stays():
    assert read([STREAM]) == MESSAGES


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_it_does_not_matter_where_the_bytes_are_cut(cuts: list[int]):
    ends = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[start:end] for start, end in pairwise(ends)]
    assert read(pieces) == MESSAGES


def test_a_message_that_was_not_ended_is_none():
    assert read([b"id: 1\ndata: {}\n"]) == []


def test_heartbeats_do_not_add_up():
    reader = MessageReader()
    beats = b": still here\n\n" * 100_000
    for _ in range(20):
        assert list(reader.feed(beats)) == []


def test_a_message_without_end_is_given_up():
    with pytest.raises(StorageUnavailableError, match="larger"):
        read([b"x" * (1 << 20)] * 20)
