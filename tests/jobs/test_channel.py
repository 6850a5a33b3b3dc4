import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmill.jobs.channel import Channel, Garbled


def pair() -> tuple[Channel, Channel]:
    one, other = socket.socketpair()
    return Channel(one.detach()), Channel(other.detach())


@given(payload=st.binary(max_size=2000), text=st.text())
def test_messages_and_bytes_arrive_as_they_were_sent(payload: bytes, text: str):
    one, other = pair()
    one.send({"text": text}, payload)
    one.send({"next": True})
    first = other.receive()
    assert first is not None
    assert first["text"] == text
    assert other.receive_bytes(first) == payload
    assert other.receive() == {"next": True}
    one.close()
    other.close()


def test_megabytes_pass_through():
    one, other = pair()
    data = bytes(range(256)) * 16_000
    sender = threading.Thread(target=one.send, args=({}, data))
    sender.start()
    message = other.receive()
    assert message is not None
    assert other.receive_bytes(message) == data
    sender.join()
    one.close()
    other.close()


def test_an_end_that_is_gone_reads_as_none():
    one, other = pair()
    one.close()
    assert other.receive() is None
    other.close()


@pytest.mark.parametrize("line", [b"not json\n", b"[1]\n", b"[" * 100_000 + b"\n", b'"text"\n', b"\xff\n"])
def test_what_is_no_message_is_garbled(line: bytes):
    one, other = socket.socketpair()
    channel = Channel(other.detach())
    threading.Thread(target=lambda: (one.sendall(line), one.close())).start()
    with pytest.raises(Garbled):
        channel.receive()
    channel.close()


def test_numbers_that_are_none_are_not_sent():
    one, other = pair()
    with pytest.raises(ValueError):
        one.send({"value": float("nan")})
    one.close()
    other.close()
