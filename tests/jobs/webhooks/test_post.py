import asyncio
import logging
import socket
import ssl
from contextlib import ExitStack
from ipaddress import ip_address

import pytest
from tests.jobs.webhooks.certificates import server_and_trust
from tests.jobs.webhooks.receivers import (
    Receiver,
    break_off,
    drip_body,
    drip_header,
    flood,
    hang,
    redirect_to,
)

from clipmill.errors import (
    ClipmillError,
    InvalidRequestError,
    StorageTimeoutError,
    StorageUnavailableError,
    UntrustedCertificateError,
)
from clipmill.jobs.webhooks.addresses import parse_target
from clipmill.jobs.webhooks.policy import Policy
from clipmill.jobs.webhooks.post import Letter, Post, arrived, refusal

HTTP = Policy(http=True)
WIDE = Policy(http=True, private=True)
LETTER = Letter(b'{"a":1}', {"webhook-id": "msg_1"})


class Names:
    """A resolver that gives its answers one after another and counts the questions."""

    def __init__(self, *answers: list[str]) -> None:
        self.asked: list[tuple[str, int]] = []
        self._answers = list(answers)

    async def __call__(self, host: str, port: int):
        self.asked.append((host, port))
        return [ip_address(text) for text in self._answers.pop(0)]


def send(address, policy=WIDE, within_s=20.0, **options):
    post = Post(policy, **options)
    return asyncio.run(post.send(parse_target(address, policy), LETTER, within_s))


def test_a_letter_arrives_with_its_headers_and_the_status_comes_back():
    with Receiver(201) as receiver:
        assert send(f"http://127.0.0.1:{receiver.port}/in/box") == 201
        got = receiver.next()
    assert (got.path, got.body) == ("/in/box", b'{"a":1}')
    assert got.headers["webhook-id"] == "msg_1"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"


def test_a_letter_arrives_over_ipv6_too():
    with Receiver(host="::1") as receiver:
        assert send(f"http://[::1]:{receiver.port}/in") == 204
        assert receiver.next().headers["host"] == f"[::1]:{receiver.port}"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "127.0.0.2",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "017700000001",
        "0177.0.0.1",
        "0",
        "0.0.0.0",  # noqa: S104 - a value, nothing listens there
        "127.0.0.1.",
        "１２７.０.０.１",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[::1%lo]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "hooks.example.com@127.0.0.1",
        "user:word@127.0.0.1",
        "hooks.example.com\\@127.0.0.1",
    ],
)
def test_no_form_of_this_machine_is_connected_to(host):
    with ExitStack() as stack:
        four = stack.enter_context(Receiver())
        listening = [four]
        if socket.has_ipv6:
            listening.append(stack.enter_context(Receiver(host="::1", port=four.port)))
        with pytest.raises(InvalidRequestError):
            send(f"http://{host}:{four.port}/in", HTTP)
    assert [receiver.connections for receiver in listening] == [0] * len(listening)


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "fe80::1",
        "224.0.0.1",
        "0.0.0.0",  # noqa: S104 - a value, nothing listens there
    ],
)
def test_a_name_that_stands_for_a_closed_address_is_refused_even_beside_an_open_one(ip):
    with Receiver() as receiver:
        for answer in ([ip], ["93.184.216.34", ip]):
            with pytest.raises(InvalidRequestError) as caught:
                send(f"http://hooks.example.com:{receiver.port}/", HTTP, look_up=Names(answer))
            assert ip not in str(caught.value)
        assert receiver.connections == 0


def test_the_checked_address_is_connected_to_though_the_name_means_another_one_by_then(monkeypatch):
    def ask_again(*_: object, **__: object):
        raise AssertionError("the name was looked up behind the check")

    names = Names(["127.0.0.1"], ["127.0.0.2"])
    with Receiver() as first, Receiver(host="127.0.0.2", port=first.port) as second:
        monkeypatch.setattr(socket, "getaddrinfo", ask_again)
        assert send(f"http://hooks.example.com:{first.port}/", look_up=names) == 204
        assert first.next().headers["host"] == f"hooks.example.com:{first.port}"
        assert (first.connections, second.connections) == (1, 0)
    assert names.asked == [("hooks.example.com", first.port)]


def test_a_name_that_turns_inward_after_it_was_accepted_is_refused_at_the_next_letter():
    with Receiver() as receiver:
        post = Post(HTTP, Names(["127.0.0.1"]))
        target = parse_target(f"http://hooks.example.com:{receiver.port}/", HTTP)
        with pytest.raises(InvalidRequestError):
            asyncio.run(post.send(target, LETTER, 20))
        assert receiver.connections == 0


def test_an_address_that_takes_no_connection_is_followed_by_the_next_one():
    with Receiver() as receiver:
        names = Names(["127.0.0.3", "127.0.0.1"])
        assert send(f"http://hooks.example.com:{receiver.port}/", look_up=names) == 204


def test_a_certificate_is_checked_by_the_name_and_not_by_the_address(tmp_path):
    server, trust = server_and_trust("hooks.example.com", tmp_path)
    shown: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: shown.append(name)
    with Receiver(tls=server) as receiver:
        address = f"https://hooks.example.com:{receiver.port}/"
        assert send(address, look_up=Names(["127.0.0.1"]), trust=trust) == 204
    assert shown == ["hooks.example.com"]


@pytest.mark.parametrize("host", ["other.example.com", "127.0.0.1"])
def test_a_certificate_for_another_name_ends_it_before_a_word_is_sent(tmp_path, host):
    server, trust = server_and_trust("hooks.example.com", tmp_path)
    with Receiver(tls=server) as receiver:
        with pytest.raises(UntrustedCertificateError):
            send(f"https://{host}:{receiver.port}/", look_up=Names(["127.0.0.1"]), trust=trust)
        assert receiver.got.empty()


def test_a_certificate_of_an_unknown_authority_is_not_trusted(tmp_path):
    server, _ = server_and_trust("hooks.example.com", tmp_path)
    with Receiver(tls=server) as receiver:
        with pytest.raises(UntrustedCertificateError):
            send(f"https://hooks.example.com:{receiver.port}/", look_up=Names(["127.0.0.1"]))
        assert receiver.got.empty()


def test_tls_is_not_older_than_1_2():
    assert Post(WIDE)._trust.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_a_redirect_is_an_answer_and_is_not_followed():
    with Receiver() as inner, Receiver(redirect_to(inner.url)) as outer:
        status = send(outer.url)
        assert (outer.connections, inner.connections) == (1, 0)
    assert not arrived(status)
    assert "redirects are not followed" in refusal(status)


@pytest.mark.parametrize("answer", [hang, drip_header, drip_body])
def test_the_time_covers_the_whole_answer_however_slowly_it_drips(answer):
    with Receiver(answer) as receiver, pytest.raises(StorageTimeoutError):
        send(receiver.url, within_s=0.5)


def test_the_time_covers_the_look_up():
    async def never(_host: str, _port: int):
        await asyncio.Event().wait()
        return []

    with pytest.raises(StorageTimeoutError):
        send("http://hooks.example.com/", within_s=0.05, look_up=never)


def test_the_time_covers_the_handshake():
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(StorageTimeoutError):
        send(f"https://hooks.example.com:{mute.getsockname()[1]}/", within_s=0.3, look_up=Names(["127.0.0.1"]))


def test_an_answer_without_end_is_not_read_to_its_end():
    with Receiver(flood) as receiver:
        assert send(receiver.url) == 200


def test_an_answer_that_breaks_off_is_an_error():
    with Receiver(break_off) as receiver, pytest.raises(StorageUnavailableError):
        send(receiver.url)


def test_an_address_where_nobody_listens_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(StorageUnavailableError):
        send(f"http://127.0.0.1:{port}/")


def test_no_proxy_of_the_environment_is_asked(monkeypatch):
    with Receiver() as receiver, Receiver() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert send(receiver.url) == 204
        assert proxy.connections == 0


@pytest.mark.parametrize("answer", [204, 500, break_off])
def test_a_secret_path_reaches_neither_a_log_nor_an_error(answer, caplog):
    caplog.set_level(logging.DEBUG)
    told = ""
    with Receiver(answer) as receiver:
        try:
            send(f"http://127.0.0.1:{receiver.port}/CANARY")
        except ClipmillError as fault:
            told = str(fault.to_json())
    assert "CANARY" not in told + caplog.text
